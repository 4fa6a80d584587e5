package window

import (
	"testing"
	"time"

	"antix-remaster/core/wire"
	"antix-remaster/test/desktop"
	"antix-remaster/test/livesys"
)

// noAgent is a desktop where nobody asks for the password: a terminal does, if
// there is one. A wrong password and a closed terminal are no end.
func noAgent(t *testing.T, b *bench) {
	b.answer(t, livesys.AskAdmin)
	defer b.answer(t, livesys.Authorised)
	b.sh(t, "usermod -aG sudo demo; echo demo:secret | chpasswd")
	p := b.fresh(t)
	const terminal = "Ask for the password in a terminal"
	play(t, b.Desktop, p, append([]desktop.Step{desktop.Press(remaster)}, failed("no-agent", wire.NoAgent)...)...)
	b.sh(t, "mv /usr/bin/x-terminal-emulator /usr/bin/away")
	play(t, b.Desktop, p, desktop.Press(terminal), desktop.Wait("", "There is no terminal to ask in"), desktop.Shot("fail-no-terminal"), desktop.Keys("Escape"))
	b.sh(t, "mv /usr/bin/away /usr/bin/x-terminal-emulator")

	play(t, b.Desktop, p, desktop.Press(terminal))
	b.asked(t)
	must(t, b.Screen.Shoot(shots+"/terminal.png"))
	must(t, b.TypeKeys(t.Context(), "wrong"))
	must(t, b.Key(t.Context(), "Return"))
	play(t, b.Desktop, p, failed("wrong-password", wire.NotAuthorised)...)

	play(t, b.Desktop, p, desktop.Press(terminal))
	b.asked(t)
	must(t, b.Key(t.Context(), "alt+F4"))
	play(t, b.Desktop, p, desktop.Within(time.Minute, desktop.Wait("button", "Try again")), desktop.Shot("fail-terminal-closed"))

	play(t, b.Desktop, p, desktop.Press(terminal))
	b.asked(t)
	must(t, b.TypeKeys(t.Context(), "secret"))
	must(t, b.Key(t.Context(), "Return"))
	play(t, b.Desktop, p, ready())
	b.quit(t, p)
}

// dismissed closes the question for the password.
func dismissed(t *testing.T, b *bench) {
	b.answer(t, livesys.AskAdmin)
	defer b.answer(t, livesys.Authorised)
	p := b.fresh(t)
	asked, stop, err := b.ClosePasswords(p)
	must(t, err)
	defer stop()
	play(t, b.Desktop, p, append([]desktop.Step{desktop.Press(remaster)}, failed("dismissed", wire.Dismissed)...)...)
	if action := <-asked; action != "org.antixlinux.antix-remaster.helper" {
		t.Errorf("it was asked for %s", action)
	}
	b.answer(t, livesys.Authorised)
	play(t, b.Desktop, p, desktop.Press("Try again"), ready())
	b.quit(t, p)
}

// asked waits until the agent in the terminal wants the password.
func (b *bench) asked(t *testing.T) {
	t.Helper()
	b.sh(t, `for i in $(seq 300); do
  for p in /proc/[0-9]*; do case $(readlink $p/exe) in */polkit-agent-helper-1) sleep 1; exit ;; esac; done
  sleep 0.1
done
echo "nobody asks for the password" >&2; exit 1`)
}
