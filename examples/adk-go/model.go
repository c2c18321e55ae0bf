package main

import (
	"context"
	"iter"
	"strings"

	"google.golang.org/adk/v2/model"
	"google.golang.org/genai"
)

// memory is a model for want of a network: it answers from what the user has
// said before, which is all that it is sent.
type memory struct{}

func (memory) Name() string { return "memory" }

func (m memory) GenerateContent(_ context.Context, req *model.LLMRequest, _ bool) iter.Seq2[*model.LLMResponse, error] {
	return func(yield func(*model.LLMResponse, error) bool) {
		yield(&model.LLMResponse{Content: genai.NewContentFromText(m.answer(req.Contents), genai.RoleModel), TurnComplete: true}, nil)
	}
}

func (memory) answer(contents []*genai.Content) string {
	said := func(before string) string { // the word that the user put after it
		for _, content := range contents {
			for _, part := range content.Parts {
				if _, rest, found := strings.Cut(part.Text, before); found && content.Role == genai.RoleUser {
					return strings.TrimRight(rest, ".")
				}
			}
		}
		return "something you have not told me"
	}
	last := contents[len(contents)-1].Parts[0].Text
	switch {
	case strings.Contains(last, "What is my name"):
		return "Your name is " + said("My name is ") + "."
	case strings.Contains(last, "where did I want to go"):
		return "You wanted to fly to " + said("fly to ") + "."
	}
	return "I will remember that."
}
