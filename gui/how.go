package gui

import (
	"runtime"
	"slices"

	"github.com/gotk3/gotk3/gtk"

	"antix-remaster/core/plan"
	"antix-remaster/core/sys"
)

// howPage chooses the compressor, in words of size and speed.
type howPage struct {
	w                  *window
	choice             map[string]*gtk.RadioButton
	figure             map[string]*gtk.Label // what is measured for each
	processors, memory *gtk.SpinButton
	filling            bool
}

func addHow(w *window, add func(page, gtk.IWidget)) {
	b := load("how")
	p := &howPage{w: w, choice: map[string]*gtk.RadioButton{}, figure: map[string]*gtk.Label{},
		processors: get[*gtk.SpinButton](b, "processors"), memory: get[*gtk.SpinButton](b, "memory")}
	p.processors.SetRange(1, float64(runtime.NumCPU()))
	p.memory.SetRange(plan.MinMemoryMiB, float64(max(sys.MemAvailable()>>20, plan.MinMemoryMiB)))
	p.fill(get[*gtk.Box](b, "compressors"))
	p.processors.Connect("value-changed", p.chosen)
	p.memory.Connect("value-changed", p.chosen)
	add(p, get[*gtk.Box](b, "how"))
}

func (p *howPage) fill(box *gtk.Box) {
	var first *gtk.RadioButton
	for _, name := range plan.Compressors {
		title, text := compressorText(name)
		button := must(gtk.RadioButtonNewWithLabelFromWidget(first, title))
		if first == nil {
			first = button
		}
		button.Connect("toggled", p.chosen)
		button.Show()
		why := withClass(newLabel(text), "dim-label")
		why.SetMarginStart(26)
		box.Add(button)
		box.Add(why)
		p.choice[name], p.figure[name] = button, newLabel("")
		p.figure[name].SetMarginStart(26)
		box.Add(p.figure[name])
	}
}

func (p *howPage) update() {
	p.filling = true
	defer func() { p.filling = false }()
	if button := p.choice[p.w.choices.Compressor]; button != nil {
		button.SetActive(true)
	}
	for name, button := range p.choice {
		button.SetSensitive(slices.Contains(p.w.knows, name))
	}
	p.figures()
	p.processors.SetValue(float64(p.w.choices.Processors))
	p.memory.SetValue(float64(p.w.choices.MemoryMiB))
}

// figures shows what each compressor would make, again and again.
func (p *howPage) figures() {
	for name, l := range p.figure {
		setText(l, p.w.howText(name))
	}
}

func (p *howPage) chosen() {
	if p.filling {
		return
	}
	c := &p.w.choices
	for name, button := range p.choice {
		if button.GetActive() && name != c.Compressor {
			c.Compressor, c.Level = name, 0
		}
	}
	c.Processors, c.MemoryMiB = p.processors.GetValueAsInt(), p.memory.GetValueAsInt()
	p.w.updateButtons()
}
