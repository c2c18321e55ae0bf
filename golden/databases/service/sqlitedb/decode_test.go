package sqlitedb

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"

	"google.golang.org/adk/v2/session"
)

// FuzzDecodeEvent holds that the fast decoder reads what ADK has written as
// ADK's own does. What ADK has written is what comes out of its encoder.
func FuzzDecodeEvent(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"id":"e","timestamp":"2026-03-14T15:09:26.535898Z","author":"agent","actions":{"stateDelta":{"a":null,"b":{"c":[1,2.5,"x",true]}},"artifactDelta":{"f":3}}}`,
		`{"timestamp":1767225600.5,"nodeInfo":{},"content":{"role":"model","parts":[{"text":"a\u0000b"},{"inlineData":{"data":"aGk=","mimeType":"image/png"}},{"functionCall":{"name":"f","args":{"x":1e300}}}]}}`,
		`{"nodeInfo":{"path":"a/b@1"},"usageMetadata":{"promptTokenCount":1},"citationMetadata":{"citations":[{"title":"t","publicationDate":{"year":2026}}]},"output":[1,{"a":null}],"longRunningToolIds":["t"]}`,
		`{"groundingMetadata":{"webSearchQueries":["q"]},"customMetadata":{"":0},"requestedInput":{"interruptId":"i","responseSchema":{"type":"object"}},"errorCode":"1","interrupted":true,"avgLogprobs":-0.5}`,
		`{"content":{"parts":[{"videoMetadata":{"fps":1.5,"startOffset":"1.5s"}}]}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var event session.Event
		if json.Unmarshal(data, &event) != nil {
			return
		}
		written, err := json.Marshal(&event)
		if err != nil {
			return
		}
		var want session.Event
		if err := json.Unmarshal(written, &want); err != nil {
			return // ADK does not read what it has written
		}
		got, err := adkDecodeEvent(written)
		if err != nil {
			t.Fatalf("%v\n%s", err, written)
		}
		if !reflect.DeepEqual(*got, want) {
			again, _ := json.Marshal(got)
			if wanted, _ := json.Marshal(&want); !bytes.Equal(again, wanted) {
				t.Errorf("got  %s\nwant %s", again, wanted)
			}
		}
	})
}

// TestStateWithANameTwice reads what the copy of states makes of those that SQLite's functions do not read: the last counts, and
// a change of the state drops the other.
func TestStateWithANameTwice(t *testing.T) {
	const twice = `{"a": {"old": 1}, "b": 1, "a": {"new": 2}}`
	state, err := adkDecodeState([]byte(twice))
	if want := map[string]any{"a": map[string]any{"new": 2.0}, "b": 1.0}; err != nil || !reflect.DeepEqual(state, want) {
		t.Errorf("the state is %v, %v", state, err)
	}
	merged, err := adkMerge(twice, []byte(`{"c": 3}`))
	if want := `{"a":{"new":2},"b":1,"c":3}`; err != nil || merged != want {
		t.Errorf("the changed state is %s, %v", merged, err)
	}
}
