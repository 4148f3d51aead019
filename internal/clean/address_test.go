package clean

import (
	"errors"
	"strings"
	"testing"

	"github.com/ifhhro/rightsdesk/internal/news"
)

// TestParse holds rows of our own in the manner of the URL Standard's tests:
// an input and how it is serialised, or empty where it must fail. Credentials
// are not kept.
func TestParse(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want string }{
		// Around the address and its scheme.
		{"https://example.org/", "https://example.org/"},
		{" \t\n https://example.org/ \x1f", "https://example.org/"},
		{"ht\ntps://exa\tmple.org/a\r\nb", "https://example.org/ab"},
		{"HTTPS://EXAMPLE.ORG/A", "https://example.org/A"},
		{"https:example.org", "https://example.org/"},
		{"https:/example.org", "https://example.org/"},
		{"https:////example.org", "https://example.org/"},
		{`https:\\example.org\a\b`, "https://example.org/a/b"},
		{`http:\\/example.org`, "http://example.org/"},
		{"", ""},
		{"example.org", ""},
		{"//example.org/", ""},
		{"/a/b", ""},
		{"ftp://example.org/", ""},
		{"mailto:a@example.org", ""},
		{"javascript:alert(1)", ""},
		{"http", ""},
		{"http:", ""},
		{"http://", ""},
		{"https:///", ""},
		{"https://?x", ""},
		{"https://#x", ""},
		{"1https://example.org", ""},

		// Credentials.
		{"https://user:pass@example.org/", "https://example.org/"},
		{"https://a@b@c@example.org/", "https://example.org/"},
		{"https://a:b@c:d@example.org/", "https://example.org/"},
		{"http://:@example.org/", "http://example.org/"},
		{"http://user@/x", ""},
		{"http:@/example.org", ""},
		{"http://user:pass@:80/", ""},
		{"https://example.org?@other.example", "https://example.org/?@other.example"},
		{"https://example.org/@other.example", "https://example.org/@other.example"},
		{`https://example.org\@other.example`, "https://example.org/@other.example"},

		// Ports.
		{"http://example.org:80/", "http://example.org/"},
		{"https://example.org:443/", "https://example.org/"},
		{"http://example.org:443/", "http://example.org:443/"},
		{"http://example.org:/", "http://example.org/"},
		{"http://example.org:00000080/", "http://example.org/"},
		{"http://example.org:0/", "http://example.org:0/"},
		{"http://example.org:65535/", "http://example.org:65535/"},
		{"http://example.org:65536/", ""},
		{"http://example.org:99999999999999999999/", ""},
		{"http://example.org:8a/", ""},
		{"http://example.org:-1/", ""},
		{"http://example.org:80:80/", ""},
		{"http://:80/", ""},

		// Hosts.
		{"http://EXAMPLE.org./", "http://example.org./"},
		{"http://exa%6Dple.org/", "http://example.org/"},
		{"http://exa%4Dple.org/", "http://example.org/"},
		{"http://a_b.example/", "http://a_b.example/"},
		{"http://a-.example/", "http://a-.example/"},
		{"http://a..b/", "http://a..b/"},
		{"http://./", "http://./"},
		{"http://../", "http://../"},
		{"http://a b/", ""},
		{"http://a%20b/", ""},
		{"http://a<b/", ""},
		{"http://a>b/", ""},
		{"http://a^b/", ""},
		{"http://a|b/", ""},
		{"http://a%00b/", ""},
		{"http://a%7Fb/", ""},
		{"http://%/", ""},
		{"http://%zz/", ""},
		{"http://a%3Ab/", ""},
		{"http://a%2Fb/", ""},
		{"http://a%40b/", ""},
		{"http://a%25b/", ""},
		{"http://!\"$&'()*+,-.;=_`{}~/", "http://!\"$&'()*+,-.;=_`{}~/"},

		// Names beyond ASCII.
		{"http://bücher.example/", "http://xn--bcher-kva.example/"},
		{"http://BÜCHER.example/", "http://xn--bcher-kva.example/"},
		{"http://b%C3%BCcher.example/", "http://xn--bcher-kva.example/"},
		{"http://XN--BCHER-KVA.example/", "http://xn--bcher-kva.example/"},
		{"http://bu\u0308cher.example/", "http://xn--bcher-kva.example/"},
		{"http://faß.example/", "http://xn--fa-hia.example/"},
		{"http://βόλος.example/", "http://xn--nxasmm1c.example/"},
		{"http://مثال.إختبار/", "http://xn--mgbh0fb.xn--kgbechtv/"},
		{"http://例え。テスト/", "http://xn--r8jz45g.xn--zckzah/"},
		{"http://ｅｘａｍｐｌｅ．ｏｒｇ/", "http://example.org/"},
		{"http://ex\u00ADample.org/", "http://example.org/"},
		{"http://ex\u200Bample.org/", "http://example.org/"},
		{"http://\u00AD/", ""},
		{"http://xn--/", ""},
		{"http://xn--a/", ""},
		{"http://xn--zn7c.example/", ""},
		{"http://a.xn--pokxncvks/", ""},
		{"http://\uFFFD.example/", ""},
		{"http://%FF.example/", ""},
		{"http://％４１.example/", ""},
		{"http://a\u200Cb.example/", ""},

		// IPv4.
		{"http://192.168.0.1/", "http://192.168.0.1/"},
		{"http://192.168.0.1./", "http://192.168.0.1/"},
		{"http://0300.168.0xF0/", "http://192.168.0.240/"},
		{"http://0xc0.0250.01/", "http://192.168.0.1/"},
		{"http://3232235521/", "http://192.168.0.1/"},
		{"http://0x7f.1/", "http://127.0.0.1/"},
		{"http://0/", "http://0.0.0.0/"},
		{"http://0x/", "http://0.0.0.0/"},
		{"http://0xffffffff/", "http://255.255.255.255/"},
		{"http://４２.example.0x7f.１/", ""},
		{"http://０Ｘｃ０．０２５０．０１/", "http://192.168.0.1/"},
		{"http://4294967296/", ""},
		{"http://0x100000000/", ""},
		{"http://256.1.1.1/", ""},
		{"http://1.2.3.256/", ""},
		{"http://1.2.3.4.5/", ""},
		{"http://1.2.3.09/", ""},
		{"http://1.2..4/", ""},
		{"http://foo.0/", ""},
		{"http://foo.09./", ""},
		{"http://foo.0x4/", ""},
		{"http://foo.0xg/", "http://foo.0xg/"},
		{"http://1.2.3.4x/", "http://1.2.3.4x/"},
		{"http://99999999999999999999999/", ""},

		// IPv6.
		{"http://[::1]/", "http://[::1]/"},
		{"http://[::1]:8080/", "http://[::1]:8080/"},
		{"http://[2001:DB8::0001]/", "http://[2001:db8::1]/"},
		{"http://[1:0:0:2:0:0:0:3]/", "http://[1:0:0:2::3]/"},
		{"http://[1:2:0:0:5:0:0:0]/", "http://[1:2:0:0:5::]/"},
		{"http://[1:0:2:3:4:5:6:7]/", "http://[1:0:2:3:4:5:6:7]/"},
		{"http://[::]/", "http://[::]/"},
		{"http://[::ffff:1.2.3.4]/", "http://[::ffff:102:304]/"},
		{"http://[::127.0.0.1]/", "http://[::7f00:1]/"},
		{"http://[1:2:3:4:5:6:7:8:9]/", ""},
		{"http://[1::2::3]/", ""},
		{"http://[::1.2.3]/", ""},
		{"http://[::1.2.3.4.5]/", ""},
		{"http://[::1.2.3.04]/", ""},
		{"http://[::12345]/", ""},
		{"http://[fe80::1%25eth0]/", ""},
		{"http://[fe80::1%eth0]/", ""},
		{"http://[1.2.3.4]/", ""},
		{"http://[example.org]/", ""},
		{"http://[::1/", ""},
		{"http://::1]/", ""},
		{"http://[]/", ""},
		{"http://[::1]a/", ""},
		{"http://a[::1]/", ""},

		// Paths.
		{"https://example.org", "https://example.org/"},
		{"https://example.org/.", "https://example.org/"},
		{"https://example.org/..", "https://example.org/"},
		{"https://example.org/a/./b", "https://example.org/a/b"},
		{"https://example.org/a/../b", "https://example.org/b"},
		{"https://example.org/a/..", "https://example.org/"},
		{"https://example.org/a/b/..", "https://example.org/a/"},
		{"https://example.org/a/.", "https://example.org/a/"},
		{"https://example.org/../../a", "https://example.org/a"},
		{"https://example.org/a/%2e/b", "https://example.org/a/b"},
		{"https://example.org/a/%2E%2e/b", "https://example.org/b"},
		{"https://example.org/a/.%2e/b", "https://example.org/b"},
		{"https://example.org/a/%2e./b", "https://example.org/b"},
		{"https://example.org/...", "https://example.org/..."},
		{"https://example.org//a//b", "https://example.org//a//b"},
		{"https://example.org//..//b", "https://example.org//b"},
		{`https://example.org/a\..\b`, "https://example.org/b"},
		{"https://example.org/a b", "https://example.org/a%20b"},
		{"https://example.org/é", "https://example.org/%C3%A9"},
		{"https://example.org/%c3%a9", "https://example.org/%c3%a9"},
		{"https://example.org/\"<>`{}^", "https://example.org/%22%3C%3E%60%7B%7D%5E"},
		{"https://example.org/%zz%", "https://example.org/%zz%"},
		{"https://example.org/a|b[c]", "https://example.org/a|b[c]"},
		{"https://example.org/a\x01", "https://example.org/a"},
		{"https://example.org/\x01a", "https://example.org/%01a"},
		{"https://example.org/\x7fa", "https://example.org/%7Fa"},

		// Queries and fragments.
		{"https://example.org?", "https://example.org/"},
		{"https://example.org?q", "https://example.org/?q"},
		{"https://example.org/?a b'c\"<>", "https://example.org/?a%20b%27c%22%3C%3E"},
		{"https://example.org/?a`{}|\\^", "https://example.org/?a`{}|\\^"},
		{"https://example.org/?a?b", "https://example.org/?a?b"},
		{"https://example.org/?é", "https://example.org/?%C3%A9"},
		{"https://example.org/?/../x", "https://example.org/?/../x"},
		{"https://example.org/#a b\"<>`", "https://example.org/#a%20b%22%3C%3E%60"},
		{"https://example.org/#a#b?c", "https://example.org/#a#b?c"},
		{"https://example.org/a#?b", "https://example.org/a#?b"},
	}
	for _, tt := range tests {
		a, err := parse(tt.in)
		got := ""
		if err == nil {
			got = a.String()
		} else if !errors.Is(err, news.ErrInvalid) {
			t.Errorf("parse(%q): %v wraps no ErrInvalid", tt.in, err)
		}
		if got != tt.want {
			t.Errorf("parse(%q) = %q, %v; want %q", tt.in, got, err, tt.want)
		}
	}
	t.Logf("%d rows", len(tests))
	if _, err := parse(strings.Repeat("x", 10_000)); err == nil || len(err.Error()) > 500 {
		t.Error("an error repeats a long input")
	}
}
