package parse

// A damage is one way in which a document breaks its format's rules.
type damage uint32

const (
	damagedCut damage = 1 << iota
	damagedProlog
	damagedTag
	damagedLess
	damagedAmpersand
	damagedEntity
	damagedCDATA
	damagedComment
	damagedAttribute
	damagedControl
	damagedBytes
	damagedDepth
	damagedUnclosed
	damagedLostStart
	damagedJSON
	damagedSize
	damagedEntries
)

// damageWords say it to a person, in the order of the bits.
var damageWords = []string{
	"the document is cut off",
	"there is junk before the feed",
	"tags do not match",
	"a < stands unescaped in text",
	"a & stands unescaped in text",
	"entities that XML does not know were read as HTML's",
	"a CDATA section is not closed",
	"a comment or declaration is not closed",
	"attributes are malformed",
	"control characters were dropped",
	"bytes that are no text in the document's encoding were repaired",
	"elements are nested too deeply, the depths were flattened",
	"elements are not closed",
	"an entry without its opening tag was put together",
	"the JSON is malformed",
	"the document is too large, its end was not read",
	"there are too many entries, only the newest were kept",
}

// warnings lists what a set of damages holds.
func (d damage) warnings() []string {
	var out []string
	for i, w := range damageWords {
		if d&(1<<i) != 0 {
			out = append(out, w)
		}
	}
	return out
}
