package publish

import "errors"

// WriteMD5 publishes NAME.md5 (32 hex digits) of a linuxfs whose md5 the
// initrd does not rotate. Errors are wire errors.
func (m *Medium) WriteMD5(md5 string) error {
	name := m.name + ".md5"
	part := m.partOf(name)
	err := m.begin(intent{Action: actionBuild, Create: []string{part}})
	if err == nil {
		err = m.writeNamed(part, name, text(md5+"  "+m.name+"\n"))
	}
	if err == nil {
		err = m.end()
	}
	if err != nil {
		_, _, e := m.Heal()
		return m.failed(name, errors.Join(err, e))
	}
	return nil
}
