package parse

import "strings"

// An elementKind says how an element of a feed is used, which is what decides
// where one ends that was never closed.
type elementKind uint8

const (
	plainField elementKind = iota + 1 // holds text
	htmlField                         // holds text that may be HTML
	emptyField                        // says all in its attributes
	holder                            // holds other elements
)

// knownElements are the elements our readers know, by their resolved names.
var knownElements = elementsOf(map[elementKind]string{
	plainField: `title link guid pubdate comments category language copyright managingeditor webmaster lastbuilddate generator
		docs ttl rating id updated published modified issued created url uri name email width height hour day
		atom:title atom:id atom:updated atom:published atom:modified atom:issued atom:link atom:category atom:rights atom:name atom:uri atom:email
		dc:title dc:creator dc:subject dc:publisher dc:contributor dc:date dc:type dc:format dc:identifier dc:source dc:language
		dc:relation dc:coverage dc:rights dcterms:created dcterms:issued dcterms:modified dcterms:date dcterms:creator dcterms:identifier
		dcterms:language dcterms:subject dcterms:title
		itunes:author itunes:subtitle itunes:keywords itunes:explicit itunes:block itunes:duration itunes:name itunes:email itunes:title
		media:title media:credit media:keywords media:category prism:doi prism:publicationdate prism:url
		sy:updateperiod sy:updatefrequency sy:updatebase feedburner:origlink slash:comments wfw:commentrss thr:total`,
	htmlField: `description summary content subtitle tagline rights info abstract encoded fullitem body content:encoded
		atom:summary atom:content atom:subtitle dc:description dcterms:abstract dcterms:description itunes:summary media:description
		xhtml:body yandex:full-text`,
	emptyField: `enclosure media:content media:thumbnail media:player cloud itunes:image itunes:category admin:generatoragent`,
	holder: `rss feed channel item entry items rdf rdf:rdf atom:feed atom:entry image author contributor source textinput skiphours
		skipdays atom:author atom:contributor atom:source media:group itunes:owner`,
})

func elementsOf(lists map[elementKind]string) map[string]elementKind {
	m := map[string]elementKind{}
	for kind, list := range lists {
		for name := range strings.FieldsSeq(list) {
			m[name] = kind
		}
	}
	return m
}

func setOf(list string) map[string]bool {
	m := map[string]bool{}
	for name := range strings.FieldsSeq(list) {
		m[name] = true
	}
	return m
}

// htmlNames are the elements of HTML, past and present.
var htmlNames = setOf(`a abbr acronym address area article aside audio b base basefont bdi bdo big blink blockquote body br button
	canvas caption center cite code col colgroup data datalist dd del details dfn dialog dir div dl dt em embed fieldset figcaption figure
	font footer form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html i iframe img input ins kbd label legend li link main
	map mark marquee math menu meta meter nav nobr noframes noscript object ol optgroup option output p param picture plaintext pre
	progress q rp rt ruby s samp script search section select small source span strike strong style sub summary sup svg table tbody td
	template textarea tfoot th thead time title tr track tt u ul var video wbr xmp`)

var voidNames = setOf("area base br col embed hr img input param wbr")

// isVoid reports whether an element is one of HTML's that never hold anything.
func isVoid(name string) bool {
	return voidNames[strings.TrimPrefix(name, "xhtml:")]
}
