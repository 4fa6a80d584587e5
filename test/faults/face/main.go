// Command face finds out what a face does without any privilege, and prints it
// as JSON: face NANOSECONDS, the moment since when changes count.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"time"

	"antix-remaster/core/intent"
	"antix-remaster/core/wire"
)

// Found is what it prints.
type Found struct {
	Names    []string // the first that changed
	All      int
	Plan     string // hash
	Hopeless string // why there can be no run
}

func main() {
	f, err := find(context.Background())
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(f)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func find(ctx context.Context) (f Found, err error) {
	since, err := strconv.ParseInt(os.Args[1], 10, 64)
	if err != nil {
		return f, err
	}
	i, err := intent.Make(ctx, wire.Choices{Title: "Tried"})
	if err != nil {
		return f, err
	}
	if err := i.Hopeless(ctx); err != nil {
		f.Hopeless = err.Error()
	}
	f.Plan = i.Plan.Hash()
	f.Names, f.All = i.ChangedSince(ctx, time.Unix(0, since), 3)
	return f, nil
}
