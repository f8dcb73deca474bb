// Package suite pins the conformance suite of the distribution specification 1.1.1, a test package.
package suite

import _ "github.com/opencontainers/distribution-spec/conformance"
