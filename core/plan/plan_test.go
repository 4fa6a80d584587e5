package plan

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"antix-remaster/core/live"
	"antix-remaster/core/wire"
)

// facts are those of a plain stick.
func facts() live.Facts {
	return live.Facts{
		Generation: live.Gen2023,
		Boot:       live.Boot{Device: "/dev/sdb1", UUID: "1234-ABCD", FSType: "ext4", Mountpoint: "/live/boot-dev"},
		Image:      live.Image{Dir: "/live/boot-dev/antiX", Path: "antiX", Name: "linuxfs"},
		Home:       live.Home{Kind: live.HomeInSystem},
		Running:    &live.Version{ID: "aa", Size: 1000, MTime: 1, Compressor: "zstd"},
		Default:    &live.Version{ID: "bb", Size: 2000, MTime: 2, Compressor: "xz"},
		Files:      []string{"initrd.gz", "linuxfs", "linuxfs.md5", "vmlinuz"},
	}
}

func choices() wire.Choices {
	return wire.Choices{Type: "personal", Home: "keep", Compressor: "xz", Title: "My title", Processors: 4, MemoryMiB: 512}
}

// shipped is the whole list without wishes.
func shipped(more ...string) []string {
	always, usually := Shipped()
	return slices.Concat(always, usually, more)
}

// golden is the plan of facts and choices as they are.
func golden() Plan {
	return Plan{
		BootUUID: "1234-ABCD", Dir: "antiX", Name: "linuxfs", Default: Identity{2000, 2}, RunningID: "aa",
		Part: "linuxfs.part", New: "linuxfs.new", Companions: []Companion{{Name: "linuxfs.md5", MD5: true}},
		Title: "My title", Compressor: "xz", Patterns: shipped(),
		Args: append([]string{"/run/antix-remaster/view", "/run/antix-remaster/image", "-noappend", "-no-recovery", "-comp", "xz", "-b", "256K",
			"-processors", "4", "-mem", "512M", "-wildcards", "-e"}, shipped()...),
	}
}

// withPatterns puts other patterns into a plan, and options before them.
func withPatterns(p *Plan, patterns []string, options ...string) {
	at := slices.Index(p.Args, "-wildcards")
	p.Args = slices.Concat(p.Args[:at], options, []string{"-wildcards", "-e"}, patterns)
	p.Patterns = patterns
}

func withCompressor(p *Plan, name string) {
	p.Compressor = name
	p.Args[slices.Index(p.Args, "-comp")+1] = name
}

func TestMake(t *testing.T) {
	many := []string{"deb", "linuxfs", "linuxfs.md5", "rootfs", "homefs", "state", "xtra", "xtra.tgz", "vmlinuz"}
	for name, c := range map[string]struct {
		facts   func(f *live.Facts)
		choices func(c *wire.Choices)
		want    func(p *Plan) // what differs from golden
	}{
		"plain": {},
		"sqext, §1": {facts: func(f *live.Facts) { f.Image.Name, f.Files = "linuxfs.e16", many }, want: func(p *Plan) {
			p.Name, p.Part, p.New = "linuxfs.e16", "linuxfs.e16.part", "linuxfs.e16.new"
			p.Companions = []Companion{{Name: "xtra"}, {Name: "deb"}, {Name: "xtra.tgz"}, {Name: "state"}}
		}},
		"sqname": {facts: func(f *live.Facts) { f.Image.Name, f.Image.Path = "custom.sq", "" }, want: func(p *Plan) {
			p.Dir, p.Name, p.Part, p.New, p.Companions = "", "custom.sq", "custom.sq.part", "custom.sq.new", nil
		}},
		"all companions of 2023, §6.2": {facts: func(f *live.Facts) { f.Files = many }, want: func(p *Plan) {
			p.Companions = []Companion{{Name: "xtra"}, {Name: "deb"}, {Name: "xtra.tgz"}, {Name: "linuxfs.md5", MD5: true}, {Name: "state"}}
		}},
		"of 2016, §13": {facts: func(f *live.Facts) { f.Generation, f.Files = live.Gen2016, many }, want: func(p *Plan) {
			p.Companions = []Companion{{Name: "xtra"}, {Name: "deb"}, {Name: "xtra.tgz"}, {Name: "linuxfs.md5", MD5: true}}
		}},
		"no file at all, yet the digest": {facts: func(f *live.Facts) { f.Files = nil }},
		"vfat":                           {facts: func(f *live.Facts) { f.Boot.FSType = "vfat" }, want: func(p *Plan) { p.FAT = true }},
		"msdos":                          {facts: func(f *live.Facts) { f.Boot.FSType = "msdos" }, want: func(p *Plan) { p.FAT = true }},
		"exfat":                          {facts: func(f *live.Facts) { f.Boot.FSType = "exfat" }},
		"nothing known": {facts: func(f *live.Facts) { f.Running, f.Default = nil, nil }, want: func(p *Plan) {
			p.Default, p.RunningID = Identity{}, ""
		}},
		"leave home": {choices: func(c *wire.Choices) { c.Home = "leave" }, want: func(p *Plan) {
			p.LeaveHome = true
			withPatterns(p, shipped("home/*", "home/.*"))
		}},
		"exclude and include": {choices: func(c *wire.Choices) {
			c.Home, c.Exclude, c.Include = "leave", []string{"/srv/", "opt/*.iso"}, []string{"/tmp/*", "mnt/*"}
		},
			want: func(p *Plan) {
				p.LeaveHome = true
				kept := slices.DeleteFunc(shipped(), func(s string) bool { return s == "tmp/*" || s == "mnt/*" })
				withPatterns(p, append(kept, "home/*", "home/.*", "srv", "opt/*.iso"))
			}},
		"zstd 22": {choices: func(c *wire.Choices) { c.Compressor, c.Level = "zstd", 22 }, want: func(p *Plan) {
			withCompressor(p, "zstd")
			withPatterns(p, shipped(), "-Xcompression-level", "22")
		}},
		"gzip 9": {choices: func(c *wire.Choices) { c.Compressor, c.Level = "gzip", 9 }, want: func(p *Plan) {
			withCompressor(p, "gzip")
			withPatterns(p, shipped(), "-Xcompression-level", "9")
		}},
		"lz4":                            {choices: func(c *wire.Choices) { c.Compressor = "lz4" }, want: func(p *Plan) { withCompressor(p, "lz4") }},
		"another title":                  {choices: func(c *wire.Choices) { c.Title = "Über – 日本 \"$(x)\" ==== aa" }, want: func(p *Plan) { p.Title = "Über – 日本 \"$(x)\" ==== aa" }},
		"loss confirmed changes nothing": {choices: func(c *wire.Choices) { c.HomeLoss = true }},
	} {
		f, ch, want := facts(), choices(), golden()
		if c.facts != nil {
			c.facts(&f)
		}
		if c.choices != nil {
			c.choices(&ch)
		}
		if c.want != nil {
			c.want(&want)
		}
		got, err := Make(f, ch)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v\n%+v\nwant\n%+v", name, err, got, want)
		}
		if again, _ := Make(f, ch); again.Hash() != got.Hash() {
			t.Errorf("%s: the same facts and choices give another plan", name)
		}
	}
}

// A home on another mount is not in the packed tree: nothing is left out.
func TestLeaveHomeElsewhere(t *testing.T) {
	for _, kind := range []live.HomeKind{live.HomeFile, live.HomeMount} {
		f, c := facts(), choices()
		f.Home.Kind, c.Home = kind, "leave"
		p, err := Make(f, c)
		must(t, err)
		if !slices.Equal(p.Patterns, shipped()) {
			t.Errorf("%s: %q", kind, p.Patterns)
		}
	}
}

func TestMakeRefuses(t *testing.T) {
	for name, change := range map[string]func(c *wire.Choices){
		"not resolved":      func(c *wire.Choices) { *c = wire.Choices{} },
		"general":           func(c *wire.Choices) { c.Type = "general" },
		"no type":           func(c *wire.Choices) { c.Type = "" },
		"home":              func(c *wire.Choices) { c.Home = "Keep" },
		"no home":           func(c *wire.Choices) { c.Home = "" },
		"lzo":               func(c *wire.Choices) { c.Compressor = "lzo" },
		"an option":         func(c *wire.Choices) { c.Compressor = "xz -e /" },
		"no compressor":     func(c *wire.Choices) { c.Compressor = "" },
		"zstd 23":           func(c *wire.Choices) { c.Compressor, c.Level = "zstd", 23 },
		"zstd -1":           func(c *wire.Choices) { c.Compressor, c.Level = "zstd", -1 },
		"gzip 10":           func(c *wire.Choices) { c.Compressor, c.Level = "gzip", 10 },
		"xz 1":              func(c *wire.Choices) { c.Compressor, c.Level = "xz", 1 },
		"lz4 1":             func(c *wire.Choices) { c.Compressor, c.Level = "lz4", 1 },
		"lz4 -1":            func(c *wire.Choices) { c.Compressor, c.Level = "lz4", -1 },
		"no processors":     func(c *wire.Choices) { c.Processors = 0 },
		"-1 processors":     func(c *wire.Choices) { c.Processors = -1 },
		"1025 processors":   func(c *wire.Choices) { c.Processors = 1025 },
		"31 MiB":            func(c *wire.Choices) { c.MemoryMiB = 31 },
		"more than 1 TiB":   func(c *wire.Choices) { c.MemoryMiB = 1<<20 + 1 },
		"-1 MiB":            func(c *wire.Choices) { c.MemoryMiB = -1 },
		"two lines":         func(c *wire.Choices) { c.Title = "a\n==== aa" },
		"carriage return":   func(c *wire.Choices) { c.Title = "a\rb" },
		"escape":            func(c *wire.Choices) { c.Title = "\x1b[2J" },
		"NUL":               func(c *wire.Choices) { c.Title = "a\x00" },
		"next line":         func(c *wire.Choices) { c.Title = "a\u0085b" },
		"line separator":    func(c *wire.Choices) { c.Title = "a\u2028b" },
		"paragraphs":        func(c *wire.Choices) { c.Title = "a\u2029b" },
		"not text":          func(c *wire.Choices) { c.Title = "\xff" },
		"201 bytes":         func(c *wire.Choices) { c.Title = strings.Repeat("é", 100) + "x" },
		"a pattern":         func(c *wire.Choices) { c.Exclude = []string{"srv", "../etc"} },
		"nothing to put in": func(c *wire.Choices) { c.Include = []string{"dev/*"} },
	} {
		c := choices()
		change(&c)
		p, err := Make(facts(), c)
		var e *wire.Error
		if !errors.As(err, &e) || e.Code != wire.Usage || len(e.Args) != 1 || e.Args[0] != e.Err.Error() || !reflect.DeepEqual(p, Plan{}) {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
}

// The last that is still right.
func TestMakeAcceptsTheEdges(t *testing.T) {
	for name, change := range map[string]func(c *wire.Choices){
		"1 processor":     func(c *wire.Choices) { c.Processors = 1 },
		"1024 processors": func(c *wire.Choices) { c.Processors = 1024 },
		"32 MiB":          func(c *wire.Choices) { c.MemoryMiB = 32 },
		"1 TiB":           func(c *wire.Choices) { c.MemoryMiB = 1 << 20 },
		"200 bytes":       func(c *wire.Choices) { c.Title = strings.Repeat("é", 100) },
		"zstd 1":          func(c *wire.Choices) { c.Compressor, c.Level = "zstd", 1 },
	} {
		c := choices()
		change(&c)
		if _, err := Make(facts(), c); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestResolve(t *testing.T) {
	open := wire.Choices{Type: "personal", Home: "keep", Compressor: "zstd", Title: "Remaster of now", Processors: 2, MemoryMiB: 1024}
	version := func(compressor string) *live.Version { return &live.Version{Compressor: compressor} }
	for name, c := range map[string]struct {
		running, byDefault *live.Version
		memory             int64
		given              wire.Choices
		change             func(c *wire.Choices) // what differs from open
	}{
		"all open":          {version("zstd"), version("xz"), 4 << 30, wire.Choices{}, nil},
		"running unknown":   {nil, version("gzip"), 4 << 30, wire.Choices{}, func(c *wire.Choices) { c.Compressor = "gzip" }},
		"running lzo":       {version("lzo"), version("lz4"), 4 << 30, wire.Choices{}, func(c *wire.Choices) { c.Compressor = "lz4" }},
		"both unusable":     {version("lzma"), version(""), 4 << 30, wire.Choices{}, func(c *wire.Choices) { c.Compressor = "xz" }},
		"neither known":     {nil, nil, 4 << 30, wire.Choices{}, func(c *wire.Choices) { c.Compressor = "xz" }},
		"little memory":     {version("zstd"), nil, 100 << 20, wire.Choices{}, func(c *wire.Choices) { c.MemoryMiB = 32 }},
		"a quarter of 132":  {version("zstd"), nil, 132 << 20, wire.Choices{}, func(c *wire.Choices) { c.MemoryMiB = 33 }},
		"no memory known":   {version("zstd"), nil, 0, wire.Choices{}, func(c *wire.Choices) { c.MemoryMiB = 32 }},
		"beyond 32 bits":    {version("zstd"), nil, 1 << 40, wire.Choices{}, func(c *wire.Choices) { c.MemoryMiB = 1 << 18 }},
		"bad ones are kept": {version("zstd"), nil, 4 << 30, wire.Choices{Compressor: "lzo", Processors: -1}, func(c *wire.Choices) { c.Compressor, c.Processors = "lzo", -1 }},
	} {
		f := facts()
		f.Running, f.Default = c.running, c.byDefault
		want := open
		if c.change != nil {
			c.change(&want)
		}
		got := Resolve(c.given, f, "now", c.memory, 2)
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
		if again := Resolve(got, f, "later", 1, 1); !reflect.DeepEqual(again, got) {
			t.Errorf("%s: resolved twice: %+v", name, again)
		}
	}
	all := wire.Choices{Type: "general", Home: "leave", HomeLoss: true, Compressor: "gzip", Level: 3, Exclude: []string{"a"}, Include: []string{"b"},
		Title: "t", Processors: 7, MemoryMiB: 99}
	if got := Resolve(all, facts(), "now", 4<<30, 2); !reflect.DeepEqual(got, all) {
		t.Errorf("what was chosen: %+v", got)
	}
}

func TestNames(t *testing.T) {
	p := Plan{Part: "linuxfs.e16.part", Companions: []Companion{{Name: "xtra"}, {Name: "linuxfs.md5", MD5: true}}}
	if want := []string{"linuxfs.e16.part", "xtra.part", "xtra.new", "linuxfs.md5.part", "linuxfs.md5.new"}; !slices.Equal(p.Names(), want) {
		t.Errorf("%q", p.Names())
	}
	if got := (Plan{Part: "x.part"}).Names(); !slices.Equal(got, []string{"x.part"}) {
		t.Errorf("no companions: %q", got)
	}
}

// alter changes one value below v a little.
func alter(t testing.TB, v reflect.Value) {
	t.Helper()
	switch v.Kind() {
	case reflect.String:
		v.SetString(v.String() + "x")
	case reflect.Int64:
		v.SetInt(math.MaxInt64 - v.Int())
	case reflect.Bool:
		v.SetBool(!v.Bool())
	default:
		t.Fatalf("a new kind of field: %s", v.Type())
	}
}

// leaves are all single values of a plan, by path.
func leaves(v reflect.Value, path string, found func(path string, v reflect.Value)) {
	switch v.Kind() {
	case reflect.Pointer:
		leaves(v.Elem(), path, found)
	case reflect.Struct:
		for i := range v.NumField() {
			leaves(v.Field(i), path+"."+v.Type().Field(i).Name, found)
		}
	case reflect.Slice:
		leaves(v.Index(0), path+"[0]", found)
	default:
		found(path, v)
	}
}

// Whatever a user saw differently is another plan.
func TestHash(t *testing.T) {
	p := golden()
	p.Annex = &Annex{}
	if p.Hash() == golden().Hash() {
		t.Error("a rootfs elsewhere changes nothing")
	}
	hash := p.Hash()
	if !regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(hash) || p.Hash() != hash {
		t.Errorf("hash %s", hash)
	}
	seen := map[string]string{hash: "the plan itself"}
	leaves(reflect.ValueOf(&p).Elem(), "Plan", func(path string, v reflect.Value) {
		was := reflect.New(v.Type()).Elem()
		was.Set(v)
		alter(t, v)
		if other, ok := seen[p.Hash()]; ok {
			t.Errorf("%s changed, and it is the hash of %s", path, other)
		}
		seen[p.Hash()] = path
		v.Set(was)
	})
	for name, change := range map[string]func(p *Plan){
		"one pattern fewer":   func(p *Plan) { p.Patterns = p.Patterns[1:] },
		"another order":       func(p *Plan) { p.Args = append(p.Args[1:], p.Args[0]) },
		"no companions":       func(p *Plan) { p.Companions = nil },
		"joined arguments":    func(p *Plan) { p.Args = append([]string{p.Args[0] + p.Args[1]}, p.Args[2:]...) },
		"one companion twice": func(p *Plan) { p.Companions = append(p.Companions, p.Companions[0]) },
	} {
		p := golden()
		change(&p)
		if other, ok := seen[p.Hash()]; ok {
			t.Errorf("%s: the hash of %s", name, other)
		}
		seen[p.Hash()] = name
	}
	if len(seen) < 20 {
		t.Errorf("only %d hashes", len(seen))
	}
}

// A plan that went over the wire is the same.
func TestPlanInJSON(t *testing.T) {
	b, err := json.Marshal(golden())
	must(t, err)
	var back Plan
	must(t, json.Unmarshal(b, &back))
	if !reflect.DeepEqual(back, golden()) || back.Hash() != golden().Hash() {
		t.Errorf("%+v", back)
	}
}
