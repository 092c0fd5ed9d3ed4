//go:build tools

// Package programs pins Helm, which the tests install the chart with.
package programs

import _ "helm.sh/helm/v4/cmd/helm"
