package livesys

import (
	"context"
	"fmt"
	"os"
	"time"
)

// Answer is what polkit says to every question of this program.
type Answer string

const (
	Authorised Answer = "YES"
	Denied     Answer = "NO"
	AskAdmin   Answer = "" // the policy file decides
)

// StartPolkit starts the system bus and polkitd inside, with a rule that
// gives the answer to all actions whose name contains "antix-remaster". They
// end with the system.
func (s *System) StartPolkit(ctx context.Context, answer Answer) error {
	if answer != AskAdmin {
		rule := fmt.Sprintf(`polkit.addRule(function(action, subject) {
	if (action.id.indexOf("antix-remaster") >= 0 || action.id == "org.freedesktop.policykit.exec")
		return polkit.Result.%s;
});
`, answer)
		path := s.Path("/etc/polkit-1/rules.d/00-livesys.rules")
		if err := os.WriteFile(path, []byte(rule), 0o644); err != nil {
			return fmt.Errorf("cannot write the polkit rule: %w", err)
		}
	}
	_, err := s.Shell(ctx, `
mkdir -p /run/dbus; dbus-uuidgen --ensure
[ -S /run/dbus/system_bus_socket ] || dbus-daemon --system --fork
setsid /usr/lib/polkit-1/polkitd --no-debug </dev/null >/run/polkitd.log 2>&1 &`)
	if err != nil {
		return fmt.Errorf("cannot start polkit: %w", err)
	}
	return s.waitForPolkit(ctx)
}

func (s *System) waitForPolkit(ctx context.Context) error {
	const question = `dbus-send --system --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.NameHasOwner string:org.freedesktop.PolicyKit1 | grep -q true`
	var err error
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		if _, err = s.Shell(ctx, question); err == nil {
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	return fmt.Errorf("polkitd does not answer: %w", err)
}
