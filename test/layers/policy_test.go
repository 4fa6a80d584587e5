package layers

import (
	"encoding/xml"
	"os"
	"testing"
)

// TestPolicy holds S12 of docs/promises.md: the administrator's password for
// everything, and no window of root's.
func TestPolicy(t *testing.T) {
	text, err := os.ReadFile("../../assets/org.antixlinux.antix-remaster.policy")
	if err != nil {
		t.Fatal(err)
	}
	var policy struct {
		Actions []struct {
			ID       string `xml:"id,attr"`
			Any      string `xml:"defaults>allow_any"`
			Inactive string `xml:"defaults>allow_inactive"`
			Active   string `xml:"defaults>allow_active"`
			Notes    []struct {
				Key   string `xml:"key,attr"`
				Value string `xml:",chardata"`
			} `xml:"annotate"`
		} `xml:"action"`
	}
	if err := xml.Unmarshal(text, &policy); err != nil {
		t.Fatal(err)
	}
	if len(policy.Actions) == 0 {
		t.Error("there is no action")
	}
	for _, a := range policy.Actions {
		for _, allow := range []string{a.Any, a.Inactive, a.Active} {
			if allow != "auth_admin" {
				t.Errorf("%s: %q instead of auth_admin", a.ID, allow)
			}
		}
		if len(a.Notes) != 1 || a.Notes[0].Key != "org.freedesktop.policykit.exec.path" ||
			a.Notes[0].Value != "/usr/libexec/antix-remaster/antix-remaster-helper" {
			t.Errorf("%s: unexpected annotations %q", a.ID, a.Notes)
		}
	}
}
