package dialects

// Confusion is the warning that an owner column takes some owners for one: alike
// names texts that are one where says ("under the collation …").
func Confusion(where, alike, instead string) Refusal {
	return Refusal{Message: where + ", " + alike + " are one owner: each can read and delete the sessions of the other", Hint: instead}
}

// ConfusesPadding warns of CHAR, which does not keep the spaces at the end of a
// text. With a foreign key, the owners are those of the referenced table.
func ConfusesPadding(o Owner) Refusal {
	if o.Reference != nil {
		return Refusal{}
	}
	return Confusion("in a CHAR column", "'acme' and 'acme '", "write VARCHAR, which keeps the spaces at the end")
}
