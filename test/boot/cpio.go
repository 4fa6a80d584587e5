package boot

import (
	"fmt"
	"io"
)

// cpio writes the "newc" archive that the kernel unpacks as initramfs.
type cpio struct {
	w     io.Writer
	inode int
	err   error // the first error; later calls do nothing
}

func (c *cpio) entry(name string, mode uint32, data []byte, major, minor int) {
	c.inode++
	header := fmt.Sprintf("070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X",
		c.inode, mode, 0, 0, 1, 0, len(data), 0, 0, major, minor, len(name)+1, 0)
	c.write([]byte(header + name + "\x00"))
	c.pad(len(header) + len(name) + 1)
	c.write(data)
	c.pad(len(data))
}

func (c *cpio) pad(n int) { c.write(make([]byte, (4-n%4)%4)) }

func (c *cpio) write(data []byte) {
	if c.err == nil {
		_, c.err = c.w.Write(data)
	}
}

func (c *cpio) dir(name string)          { c.entry(name, 0o040755, nil, 0, 0) }
func (c *cpio) link(name, target string) { c.entry(name, 0o120777, []byte(target), 0, 0) }
func (c *cpio) device(name string, major, minor int) {
	c.entry(name, 0o020600, nil, major, minor)
}
func (c *cpio) file(name string, data []byte, mode uint32) { c.entry(name, 0o100000|mode, data, 0, 0) }
func (c *cpio) end()                                       { c.entry("TRAILER!!!", 0, nil, 0, 0) }
