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
	segOver: {0.88, 0.20, 0.20},
}

// stickBar draws the stick to scale, with its legend in words below.
type stickBar struct {
	area     *gtk.DrawingArea
	legend   *gtk.FlowBox
	segments []segment
	total    int64 // bytes that fill the width
	shown    string
	spoken   string
}

func newStickBar(into *gtk.Box) *stickBar {
	b := load("bar")
	s := &stickBar{area: get[*gtk.DrawingArea](b, "area"), legend: get[*gtk.FlowBox](b, "legend")}
	s.area.Connect("draw", s.draw)
	into.Add(get[*gtk.Box](b, "stickbar"))
	return s
}

func (s *stickBar) show(segments []segment) { s.showOf(segments, sum(segments)) }

// showOf draws to the scale of total bytes. The words are only made anew when
// they are others.
func (s *stickBar) showOf(segments []segment, total int64) {
	s.segments, s.total = segments, total
	s.area.SetVisible(len(segments) > 0)
	s.area.QueueDraw()
	text := spokenBar(segments)
	if text == s.shown {
		return
	}
	s.shown = text
	clear(&s.legend.Container)
	for _, one := range segments {
		if one.named() {
			child := must(gtk.FlowBoxChildNew())
			child.SetCanFocus(false) // nothing to do there
			child.Add(key(one))
			child.Show()
			s.legend.Add(child)
		}
	}
}

// speak is for a bar whose legend is not shown.
func (s *stickBar) speak(name string) {
	s.legend.SetVisible(false)
	if text := name + ": " + s.shown; text != s.spoken {
		s.spoken = text
		setSpoken(&s.area.Widget, text)
	}
}

// key is one entry of the legend: a patch of the colour, and words.
func key(one segment) *gtk.Box {
	box := newBox(gtk.ORIENTATION_HORIZONTAL, 5)
	patch := must(gtk.DrawingAreaNew())
	patch.SetSizeRequest(12, 12)
	patch.SetVAlign(gtk.ALIGN_CENTER)
	patch.Connect("draw", func(area *gtk.DrawingArea, c *cairo.Context) bool {
		paint(area, c, span{kind: one.kind, width: float64(area.GetAllocatedWidth())})
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
	width := float64(area.GetAllocatedWidth())
	if mirrored() {
		c.Translate(width, 0)
		c.Scale(-1, 1)
	}
	parts := spans(s.segments, s.total, width)
	for _, part := range parts {
		paint(area, c, part)
	}
	for _, part := range parts {
		fade(c, part, float64(area.GetAllocatedHeight()))
	}
	return false
}

// paint fills one part, up to where its end is vague, and frames it in the
// colour of the text.
func paint(area *gtk.DrawingArea, c *cairo.Context, part span) {
	height := float64(area.GetAllocatedHeight())
	if colour, ok := colours[part.kind]; ok {
		c.SetSourceRGB(colour[0], colour[1], colour[2])
		c.Rectangle(part.x, 0, max(part.width-part.soft, 0), height)
		c.Fill()
	}
	text := textColour(area)
	c.SetSourceRGBA(text.GetRed(), text.GetGreen(), text.GetBlue(), 0.6)
	c.SetLineWidth(1)
	c.Rectangle(part.x+0.5, 0.5, max(part.width-1, 0), height-1)
	c.Stroke()
}

// fade lets the colour of a part fade out over the range where its end may be.
func fade(c *cairo.Context, part span, height float64) {
	from, to := part.x+max(part.width-part.soft, 0), part.x+part.width+part.soft
	if part.soft <= 0 {
		return
	}
	colour, fading := colours[part.kind], must(cairo.NewPatternLinear(from, 0, to, 0))
	for at, alpha := range []float64{1, 0} {
		if err := fading.AddColorStopRGBA(float64(at), colour[0], colour[1], colour[2], alpha); err != nil {
			return
		}
	}
	c.SetSource(fading)
	c.Rectangle(from, 1, to-from, height-2)
	c.Fill()
}

func textColour(area *gtk.DrawingArea) *gdk.RGBA {
	return must(area.GetStyleContext()).GetColor(gtk.STATE_FLAG_NORMAL)
}
