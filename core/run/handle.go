package run

import (
	"context"
	"errors"
	"fmt"

	"antix-remaster/core/history"
	"antix-remaster/core/wire"
)

// Handle is the helper's wire.Handler.
func Handle(ctx context.Context, req wire.Request, out *wire.Out) (any, error) {
	switch req.Op {
	case wire.OpCheck, wire.OpBuild, wire.OpEstimate:
		if req.Choices == nil {
			return nil, wire.Fail(wire.BadRequest, errors.New("no choices"))
		}
		switch req.Op {
		case wire.OpCheck:
			return Check(ctx, *req.Choices, out)
		case wire.OpEstimate:
			return Estimate(ctx, req, out)
		}
		return Build(ctx, *req.Choices, req.Plan, out)
	case wire.OpDisarm:
		return Disarm(ctx, out)
	case wire.OpKeep:
		return Keep(ctx, out)
	case wire.OpStage, wire.OpNote, wire.OpPin, wire.OpUnpin, wire.OpVerify, wire.OpDelete, wire.OpTry, wire.OpUntry:
		if req.Version == nil {
			return nil, wire.Fail(wire.BadRequest, errors.New("no version"))
		}
		return onVersion(ctx, req, out)
	case wire.OpMenu:
		return Menu(ctx, req.Menu == wire.MenuOn, out)
	case wire.OpRestart:
		return Restart(ctx, out)
	}
	return nil, wire.Fail(wire.BadRequest, fmt.Errorf("unknown operation %q", req.Op))
}

// onVersion answers the operations on one version.
func onVersion(ctx context.Context, req wire.Request, out *wire.Out) (any, error) {
	switch ref := *req.Version; req.Op {
	case wire.OpStage:
		return Stage(ctx, ref, out)
	case wire.OpVerify:
		return Verify(ctx, ref, out)
	case wire.OpDelete:
		return Delete(ctx, ref, req.Confirmed, out)
	case wire.OpTry, wire.OpUntry:
		return Try(ctx, ref, req.Op == wire.OpTry, out)
	case wire.OpNote:
		return Record(ctx, ref, func(r *history.Record) { r.Note = req.Note }, out)
	default:
		return Record(ctx, ref, func(r *history.Record) { r.Pinned = req.Op == wire.OpPin }, out)
	}
}
