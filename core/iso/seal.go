package iso

// seal puts the sum of the linuxfs into its place, and makes the image durable.
func (j *job) seal() error {
	m, err := openISO(j.part)
	if err != nil {
		return j.notWhole(err)
	}
	e, err := m.find(sumPath)
	if err == nil && e.size != int64(len(placeholder)) {
		err = improper("the file for the checksum has %d bytes", e.size)
	}
	if err == nil {
		err = j.replace(e.at, []byte(j.linux[0]))
	}
	if err != nil {
		return j.notWhole(err)
	}
	if err := j.part.Sync(); err != nil {
		return full(j.target, err)
	}
	return nil
}

// replace changes a few bytes of the image, and the sum of their chunk with them.
func (j *job) replace(at int64, text []byte) error {
	k := at / chunk
	b := make([]byte, min(chunk, j.size-k*chunk))
	if _, err := j.part.ReadAt(b, k*chunk); err != nil {
		return err
	}
	check := sums{want: j.sums.want[k : k+1]}
	if check.Write(b); check.check() != nil { //nolint:errcheck // never fails
		return improper("it is not what was written, at byte %d", k*chunk)
	}
	copy(b[at-k*chunk:], text)
	var fresh sums
	fresh.add(b)
	j.sums.want[k] = fresh.want[0]
	_, err := j.part.WriteAt(text, at)
	return err
}
