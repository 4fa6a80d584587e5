package main

import (
	"bufio"
	"context"
	"fmt"
	"strings"

	"antix-remaster/core/wire"
)

// ask puts a question on the terminal and gives the answer. An end of the
// input is no answer, and a cancelled context ends the wait.
func (a *app) ask(ctx context.Context, question string) (string, error) {
	fmt.Fprint(a.err, question+" ")
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(a.in).ReadString('\n')
		answer <- strings.TrimSpace(line)
	}()
	select {
	case text := <-answer:
		return text, nil
	case <-ctx.Done():
		fmt.Fprintln(a.err)
		return "", wire.Fail(wire.Cancelled, ctx.Err())
	}
}

// agree asks whether to go on; "no" is a cancel.
func (a *app) agree(ctx context.Context, question string) error {
	if a.yes {
		return nil
	}
	answer, err := a.ask(ctx, question)
	if err != nil {
		return err
	}
	answer = strings.ToLower(answer)
	for _, yes := range []string{"y", "yes", tr("y"), tr("yes")} {
		if answer == yes {
			return nil
		}
	}
	return wire.Fail(wire.Cancelled, nil)
}
