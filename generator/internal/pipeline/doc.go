// Package pipeline joins the stages: it reads the configuration and the lock, checks
// one against the other, plans, renders, and says what is to be written.
package pipeline
