package estimate

import (
	"bufio"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"time"
)

// The trees of the benchmark are made of what any Debian has installed. Each
// maker fills dir with about size bytes.
var makers = map[string]func(b *testing.B, dir string, size int64){
	"desktop":   makeDesktop,
	"minbase":   makeMinbase,
	"documents": makeDocuments,
	"tiny":      makeTiny,
	"media":     makeMedia,
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// installed lists the files below the roots that suit, by path.
func installed(b *testing.B, suits func(path string, size int64) bool, roots ...string) (files []string, sizes []int64) {
	b.Helper()
	for _, root := range roots {
		_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return nil //nolint:nilerr // others will do
			}
			if info, err := d.Info(); err == nil && suits(path, info.Size()) {
				files, sizes = append(files, path), append(sizes, info.Size())
			}
			return nil
		})
	}
	return files, sizes
}

// some picks files, by their names, of size bytes together.
func some(files []string, sizes []int64, size int64) []string {
	order := make([]int, len(files))
	key := make([]uint64, len(files))
	for i, f := range files {
		h := fnv.New64a()
		h.Write([]byte(f)) //nolint:errcheck // never fails
		order[i], key[i] = i, h.Sum64()*0x9e3779b97f4a7c15
	}
	sort.Slice(order, func(a, b int) bool { return key[order[a]] < key[order[b]] })
	var out []string
	for _, i := range order {
		if size -= sizes[i]; size < 0 {
			break
		}
		out = append(out, files[i])
	}
	return out
}

// copyTo copies files into dir, keeping their paths and times.
func copyTo(b *testing.B, dir string, files []string) {
	b.Helper()
	for n := 0; len(files) > 0; files = files[n:] {
		n = min(len(files), 500)
		args := []string{"--preserve=mode,timestamps,xattr", "--parents", "-t", dir, "--"}
		for _, f := range files[:n] {
			args = append(args, strings.TrimPrefix(f, "/"))
		}
		cmd := exec.Command("cp", args...)
		cmd.Dir = "/"
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("cp: %v\n%.1000s", err, out)
		}
	}
}

func makeDesktop(b *testing.B, dir string, size int64) {
	files, sizes := installed(b, func(p string, n int64) bool { return n < 64<<20 }, "/usr", "/etc")
	copyTo(b, dir, some(files, sizes, size))
}

func makeMinbase(b *testing.B, dir string, size int64) {
	out, err := exec.Command("sh", "-c", `dpkg-query -L $(dpkg-query -W -f '${Package} ${Priority}\n' | awk '$2 == "required" || $2 == "important" {print $1}') | sort -u`).Output()
	if err != nil {
		b.Fatalf("the tree minbase needs dpkg: %v", err)
	}
	var files []string
	for s := bufio.NewScanner(strings.NewReader(string(out))); s.Scan() && size > 0; {
		if st, err := os.Lstat(s.Text()); err == nil && st.Mode().IsRegular() {
			files = append(files, s.Text())
			size -= st.Size()
		}
	}
	copyTo(b, dir, files)
}

func makeDocuments(b *testing.B, dir string, size int64) {
	ends := map[string]bool{".html": true, ".txt": true, ".h": true, ".py": true, ".pl": true, ".md": true, ".xml": true, ".svg": true, ".pdf": true, ".js": true, ".c": true, ".po": true}
	files, sizes := installed(b, func(p string, _ int64) bool { return ends[filepath.Ext(p)] || strings.HasPrefix(p, "/usr/share/doc/") }, "/usr")
	copyTo(b, dir, some(files, sizes, size))
}

// makeTiny cuts texts into files of 20 to 2000 bytes.
func makeTiny(b *testing.B, dir string, size int64) {
	files, sizes := installed(b, func(p string, n int64) bool { return n < 1<<20 }, "/usr/share", "/usr/include")
	rnd := rand.New(rand.NewPCG(5, 6))
	n := 0
	for _, f := range some(files, sizes, size/4) {
		data, err := os.ReadFile(f)
		check(b, err)
		for len(data) > 0 {
			take := min(20+rnd.IntN(1980), len(data))
			sub := filepath.Join(dir, fmt.Sprintf("d%03d", n/200))
			check(b, os.MkdirAll(sub, 0o755))
			check(b, os.WriteFile(filepath.Join(sub, fmt.Sprintf("note-%06d.txt", n)), data[:take], 0o644))
			data = data[take:]
			n++
		}
	}
}

// makeMedia is mostly what was compressed before, with random data and some text.
func makeMedia(b *testing.B, dir string, size int64) {
	ends := map[string]bool{".gz": true, ".png": true, ".jar": true, ".jpg": true, ".xz": true, ".zip": true, ".woff2": true, ".deb": true, ".whl": true}
	files, sizes := installed(b, func(p string, n int64) bool { return ends[filepath.Ext(p)] && n < 32<<20 }, "/usr", "/var/cache")
	copyTo(b, dir, some(files, sizes, size/2))
	rnd := rand.New(rand.NewPCG(7, 8))
	for i := 0; size > 0 && i < 400; i++ {
		data := make([]byte, min(size/40, 1<<20+int64(rnd.IntN(8<<20))))
		for j := range data {
			data[j] = byte(rnd.Uint32())
		}
		check(b, os.WriteFile(filepath.Join(dir, fmt.Sprintf("photo%03d.raw", i)), data, 0o644))
		if size/3 < int64(i)*int64(len(data)) {
			break
		}
	}
	files, sizes = installed(b, func(p string, _ int64) bool { return filepath.Ext(p) == ".txt" || filepath.Ext(p) == ".html" }, "/usr")
	copyTo(b, dir, some(files, sizes, size/6))
}

// change makes a tree of another in which the share of the bytes is new: other
// files of the system in the place of old ones, and beside them.
func change(b *testing.B, from, dir string, share float64) {
	if out, err := exec.Command("cp", "-a", from+"/.", dir).CombinedOutput(); err != nil {
		b.Fatalf("cp: %v\n%s", err, out)
	}
	files, sizes := installed(b, func(string, int64) bool { return true }, dir)
	var sum int64
	for _, n := range sizes {
		sum += n
	}
	fresh, freshSizes := installed(b, func(_ string, n int64) bool { return n < 16<<20 }, "/usr")
	var newer []string
	for _, f := range some(fresh, freshSizes, sum+int64(float64(sum)*share*4)) {
		if _, err := os.Lstat(filepath.Join(dir, f)); errors.Is(err, fs.ErrNotExist) {
			newer = append(newer, f)
		}
	}
	rnd := rand.New(rand.NewPCG(9, uint64(share*100)))
	now := time.Now()
	left := int64(float64(sum) * share)
	for _, f := range newer {
		data, err := os.ReadFile(f)
		if err != nil || left < 0 {
			continue
		}
		left -= int64(len(data))
		target := filepath.Join(dir, "home/user", fmt.Sprintf("f%d", rnd.IntN(1<<30)))
		if i := rnd.IntN(len(files)); rnd.IntN(3) > 0 {
			target = files[i]
		}
		check(b, os.MkdirAll(filepath.Dir(target), 0o755))
		check(b, os.WriteFile(target, data, 0o644))
		check(b, os.Chtimes(target, now, now))
	}
}
