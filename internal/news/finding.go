package news

// A Finding is something that is not as it must be in the house's books.
type Finding struct {
	What  string // what is wrong, in plain words
	Where string // "issue 12", "copies", "rightsdesk.db"
	Do    string // the next step for the person who reads it
}
