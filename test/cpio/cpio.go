// Package cpio writes the archives that the kernel unpacks as initramfs.
package cpio

import (
	"fmt"
	"io"
)

// Writer writes a "newc" archive.
type Writer struct {
	w     io.Writer
	inode int
	err   error // the first error; later calls do nothing
}

// New starts an archive that goes to w.
func New(w io.Writer) *Writer { return &Writer{w: w} }

// Entry adds anything; the numbers are those of a device.
func (c *Writer) Entry(name string, mode uint32, data []byte, major, minor int) {
	c.inode++
	header := fmt.Sprintf("070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X",
		c.inode, mode, 0, 0, 1, 0, len(data), 0, 0, major, minor, len(name)+1, 0)
	c.write([]byte(header + name + "\x00"))
	c.pad(len(header) + len(name) + 1)
	c.write(data)
	c.pad(len(data))
}

func (c *Writer) pad(n int) { c.write(make([]byte, (4-n%4)%4)) }

func (c *Writer) write(data []byte) {
	if c.err == nil {
		_, c.err = c.w.Write(data)
	}
}

// Dir, Link, Device and File add one entry, owned by root.
func (c *Writer) Dir(name string)          { c.Entry(name, 0o040755, nil, 0, 0) }
func (c *Writer) Link(name, target string) { c.Entry(name, 0o120777, []byte(target), 0, 0) }
func (c *Writer) Device(name string, major, minor int) {
	c.Entry(name, 0o020600, nil, major, minor)
}
func (c *Writer) File(name string, data []byte, mode uint32) {
	c.Entry(name, 0o100000|mode, data, 0, 0)
}

// End writes the mark of the end, and tells whether all went well.
func (c *Writer) End() error {
	c.Entry("TRAILER!!!", 0, nil, 0, 0)
	return c.err
}
