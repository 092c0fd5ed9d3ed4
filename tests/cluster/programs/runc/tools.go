//go:build tools

// Package programs pins the program that starts the containers of the node.
package programs

import (
	_ "github.com/opencontainers/runc"
)
