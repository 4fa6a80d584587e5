package run

import (
	"context"
	"errors"
	"fmt"

	"antix-remaster/core/wire"
)

// Handle is the helper's wire.Handler.
func Handle(ctx context.Context, req wire.Request, out *wire.Out) (any, error) {
	switch req.Op {
	case wire.OpCheck, wire.OpBuild:
		if req.Choices == nil {
			return nil, wire.Fail(wire.BadRequest, errors.New("no choices"))
		}
		if req.Op == wire.OpCheck {
			return Check(ctx, *req.Choices, out)
		}
		return Build(ctx, *req.Choices, req.Plan, out)
	case wire.OpDisarm:
		return Disarm(ctx, out)
	case wire.OpKeep:
		return Keep(ctx, out)
	case wire.OpRestart:
		return Restart(ctx, out)
	}
	return nil, wire.Fail(wire.BadRequest, fmt.Errorf("unknown operation %q", req.Op))
}
