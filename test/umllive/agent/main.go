// Command agent is the init of a machine of test/umllive, and a tool inside.
package main

import "antix-remaster/test/umllive/guest"

func main() { guest.Main() }
