package news

// A Figure is one number about the house's work, for those who watch it. No
// person can be told from one.
type Figure struct {
	Name  string // "stories"
	State string // which of them: "queued"; empty when there is one number only
	Value float64
}
