//go:build tools

// Package programs pins the DNS server of the node.
package programs

import (
	_ "github.com/coredns/coredns"
)
