// Package config reads adkgen.yaml: every key, checked, with the place of each mistake.
package config
