//go:build race

package publish

func init() { raced = true }
