package gui

import (
	"github.com/gotk3/gotk3/cairo"
	"github.com/gotk3/gotk3/gdk"
	"github.com/gotk3/gotk3/gtk"
)

// colours of the segments: of middle brightness, so that they can be seen on
// light and dark backgrounds. What is free shows the background.
var colours = map[segmentKind][3]float64{
	segSystem: {0.21, 0.52, 0.89}, segVersions: {0.57, 0.40, 0.75}, segPersistence: {0.90, 0.55, 0.15},
	segOther: {0.55, 0.55, 0.55}, segNew: {0.18, 0.66, 0.38}, segChosen: {0.18, 0.66, 0.38},
}

// stickBar draws the stick to scale, with its legend in words below.
type stickBar struct {
	area     *gtk.DrawingArea
	legend   *gtk.FlowBox
	segments []segment
}

func newStickBar(into *gtk.Box) *stickBar {
	b := load("bar")
	s := &stickBar{area: get[*gtk.DrawingArea](b, "area"), legend: get[*gtk.FlowBox](b, "legend")}
	s.area.Connect("draw", s.draw)
	into.Add(get[*gtk.Box](b, "stickbar"))
	return s
}

func (s *stickBar) show(segments []segment) {
	s.segments = segments
	s.area.SetVisible(len(segments) > 0)
	clear(&s.legend.Container)
	for _, one := range segments {
		if one.bytes > 0 || one.kind == segFree {
			child := must(gtk.FlowBoxChildNew())
			child.SetCanFocus(false) // nothing to do there
			child.Add(key(one))
			child.Show()
			s.legend.Add(child)
		}
	}
	s.area.QueueDraw()
}

// key is one entry of the legend: a patch of the colour, and words.
func key(one segment) *gtk.Box {
	box := newBox(gtk.ORIENTATION_HORIZONTAL, 5)
	patch := must(gtk.DrawingAreaNew())
	patch.SetSizeRequest(12, 12)
	patch.SetVAlign(gtk.ALIGN_CENTER)
	patch.Connect("draw", func(area *gtk.DrawingArea, c *cairo.Context) bool {
		paint(area, c, one.kind, 0, float64(area.GetAllocatedWidth()))
		return false
	})
	patch.Show()
	l := newLabel(legend(one))
	l.SetLineWrap(false)
	box.Add(patch)
	box.Add(l)
	return box
}

func (s *stickBar) draw(area *gtk.DrawingArea, c *cairo.Context) bool {
	total := int64(0)
	for _, one := range s.segments {
		total += one.bytes
	}
	width := float64(area.GetAllocatedWidth())
	mirrored := mirrored()
	for at, i := 0.0, 0; i < len(s.segments) && total > 0; i++ {
		part := width * float64(s.segments[i].bytes) / float64(total)
		x := at
		if mirrored {
			x = width - at - part
		}
		paint(area, c, s.segments[i].kind, x, part)
		at += part
	}
	return false
}

// paint fills one part and frames it in the colour of the text.
func paint(area *gtk.DrawingArea, c *cairo.Context, kind segmentKind, x, width float64) {
	height := float64(area.GetAllocatedHeight())
	if colour, ok := colours[kind]; ok {
		c.SetSourceRGB(colour[0], colour[1], colour[2])
		c.Rectangle(x, 0, width, height)
		c.Fill()
	}
	text := textColour(area)
	c.SetSourceRGBA(text.GetRed(), text.GetGreen(), text.GetBlue(), 0.6)
	c.SetLineWidth(1)
	c.Rectangle(x+0.5, 0.5, max(width-1, 0), height-1)
	c.Stroke()
}

func textColour(area *gtk.DrawingArea) *gdk.RGBA {
	return must(area.GetStyleContext()).GetColor(gtk.STATE_FLAG_NORMAL)
}
