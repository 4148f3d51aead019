package clean

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"github.com/ifhhro/rightsdesk/internal/news"
)

// An address is an http or https URL as the WHATWG URL Standard parses it,
// without its credentials, which identify nobody's page.
type address struct {
	scheme   string // "http" or "https"
	host     string // domain in ASCII and lower case, dotted IPv4 or bracketed IPv6
	port     string // decimal; empty for the scheme's default
	path     string // percent-encoded, begins with "/"
	query    string // percent-encoded, without "?"
	fragment string // percent-encoded, without "#"
}

var errNoPage = errors.New("not the address of a web page")

func invalid(raw, why string) error {
	if len(raw) > 200 {
		raw = raw[:200] + "…"
	}
	return fmt.Errorf("address %q: %s: %w: %w", raw, why, errNoPage, news.ErrInvalid)
}

// parse follows the URL Standard's basic parser for the two schemes we know,
// without a base.
func parse(raw string) (address, error) {
	s := strings.TrimFunc(raw, func(r rune) bool { return r <= ' ' })
	s = tabsAndNewlines.Replace(s)
	scheme, rest, ok := strings.Cut(s, ":")
	a := address{scheme: strings.ToLower(scheme)}
	if !ok || a.scheme != "http" && a.scheme != "https" {
		return a, invalid(raw, "neither http nor https")
	}
	rest = strings.TrimLeft(rest, `/\`)
	end := strings.IndexAny(rest, `/\?#`)
	if end < 0 {
		end = len(rest)
	}
	authority, rest := rest[:end], rest[end:]
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		authority = authority[at+1:]
	}
	if err := a.setHost(authority); err != nil {
		return a, invalid(raw, err.Error())
	}
	rest, fragment, _ := strings.Cut(rest, "#")
	path, query, _ := strings.Cut(rest, "?")
	a.path = normalPath(path)
	a.query = encode(query, inQuery)
	a.fragment = encode(fragment, inFragment)
	return a, nil
}

var tabsAndNewlines = strings.NewReplacer("\t", "", "\n", "", "\r", "")

// String writes the address as the standard serialises it.
func (a address) String() string {
	s := a.scheme + "://" + a.host
	if a.port != "" {
		s += ":" + a.port
	}
	s += a.path
	if a.query != "" {
		s += "?" + a.query
	}
	if a.fragment != "" {
		s += "#" + a.fragment
	}
	return s
}

// setHost reads "host" or "host:port".
func (a *address) setHost(s string) error {
	host, port := s, ""
	if colon := strings.LastIndexByte(s, ':'); colon > strings.LastIndexByte(s, ']') {
		// The first colon outside brackets ends the host.
		if first := strings.IndexByte(s[strings.LastIndexByte(s, ']')+1:], ':') + strings.LastIndexByte(s, ']') + 1; first < colon {
			return errors.New("the port is no number")
		}
		host, port = s[:colon], s[colon+1:]
	}
	if host == "" {
		return errors.New("no host")
	}
	if err := a.setPort(port); err != nil {
		return err
	}
	var err error
	a.host, err = parseHost(host)
	return err
}

func (a *address) setPort(s string) error {
	if s == "" {
		return nil
	}
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return errors.New("the port is no number")
		}
	}
	s = strings.TrimLeft(s, "0")
	n, err := strconv.ParseUint("0"+s, 10, 16)
	if err != nil {
		return errors.New("the port is over 65535")
	}
	if n == 80 && a.scheme == "http" || n == 443 && a.scheme == "https" {
		return nil
	}
	a.port = strconv.FormatUint(n, 10)
	return nil
}

// domains maps names as the standard's "domain to ASCII" does, not strictly:
// underscores and odd hyphens are in use.
var domains = idna.New(
	idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false), idna.CheckHyphens(false),
	idna.CheckJoiners(true), idna.BidiRule(), idna.VerifyDNSLength(false),
)

func parseHost(s string) (string, error) {
	if s[0] == '[' {
		return parseIPv6(s)
	}
	s = strings.ToValidUTF8(percentDecode(s), "\uFFFD")
	ascii, err := toASCII(s)
	switch {
	case err != nil:
		return "", errors.New("the host is no domain name")
	case ascii == "":
		return "", errors.New("no host")
	case strings.ContainsFunc(ascii, forbiddenInDomain):
		return "", errors.New("the host holds a forbidden character")
	case endsInNumber(ascii):
		return parseIPv4(ascii)
	}
	return ascii, nil
}

func toASCII(s string) (string, error) {
	if isASCII(s) {
		s = strings.ToLower(s)
		if !strings.HasPrefix(s, "xn--") && !strings.Contains(s, ".xn--") {
			return s, nil
		}
	}
	return domains.ToASCII(s)
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func forbiddenInDomain(r rune) bool {
	return r <= ' ' || r == 0x7F || r >= 0x80 || strings.ContainsRune(`#/:<>?@[\]^|%`, r)
}

// endsInNumber decides whether a host is to be read as an IPv4 address.
func endsInNumber(host string) bool {
	parts := strings.Split(host, ".")
	if parts[len(parts)-1] == "" {
		if len(parts) == 1 {
			return false
		}
		parts = parts[:len(parts)-1]
	}
	last := parts[len(parts)-1]
	if last != "" && strings.Trim(last, "0123456789") == "" {
		return true
	}
	_, ok := ipv4Number(last)
	return ok
}

// ipv4Number reads a decimal, octal or hexadecimal part.
func ipv4Number(s string) (uint64, bool) {
	base := 10
	switch {
	case s == "":
		return 0, false
	case len(s) >= 2 && (s[:2] == "0x" || s[:2] == "0X"):
		s, base = s[2:], 16
	case len(s) >= 2 && s[0] == '0':
		s, base = s[1:], 8
	}
	if s == "" {
		return 0, true
	}
	if strings.ContainsAny(s, "+-_") {
		return 0, false
	}
	n, err := strconv.ParseUint(s, base, 64)
	if errors.Is(err, strconv.ErrRange) {
		return 1 << 40, true // far too large, but a number
	}
	return n, err == nil
}

func parseIPv4(host string) (string, error) {
	bad := errors.New("the host is no IPv4 address")
	parts := strings.Split(host, ".")
	if parts[len(parts)-1] == "" {
		parts = parts[:len(parts)-1]
	}
	if len(parts) > 4 {
		return "", bad
	}
	var ip uint64
	for i, p := range parts {
		n, ok := ipv4Number(p)
		last := i == len(parts)-1
		switch {
		case !ok, !last && n > 255, last && n >= 1<<(8*(5-len(parts))):
			return "", bad
		case last:
			ip += n
		default:
			ip += n << (8 * (3 - i))
		}
	}
	return netip.AddrFrom4([4]byte{byte(ip >> 24), byte(ip >> 16), byte(ip >> 8), byte(ip)}).String(), nil
}

func parseIPv6(s string) (string, error) {
	ip, err := netip.ParseAddr(strings.TrimSuffix(s[1:], "]"))
	if err != nil || !strings.HasSuffix(s, "]") || !ip.Is6() || ip.Zone() != "" || strings.Contains(s, "%") {
		return "", errors.New("the host is no IPv6 address")
	}
	return "[" + serialiseIPv6(ip.As16()) + "]", nil
}

// serialiseIPv6 writes eight pieces, the first longest run of two or more
// zeros as "::", never with dotted decimals.
func serialiseIPv6(b [16]byte) string {
	var pieces [8]uint16
	for i := range pieces {
		pieces[i] = uint16(b[2*i])<<8 | uint16(b[2*i+1])
	}
	from, length := -1, 1
	for i := 0; i < 8; i++ {
		j := i
		for j < 8 && pieces[j] == 0 {
			j++
		}
		if j-i > length {
			from, length = i, j-i
		}
		i = max(i, j-1)
	}
	var out strings.Builder
	for i := 0; i < 8; i++ {
		if i == from {
			out.WriteString("::")
			i += length - 1
			continue
		}
		if i > 0 && i != from+length {
			out.WriteByte(':')
		}
		out.WriteString(strconv.FormatUint(uint64(pieces[i]), 16))
	}
	return out.String()
}

// normalPath resolves dot segments, plain and encoded, and encodes.
func normalPath(path string) string {
	path = strings.ReplaceAll(path, `\`, "/")
	var out []string
	segments := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for i, s := range segments {
		last := i == len(segments)-1
		switch strings.ReplaceAll(strings.ToLower(s), "%2e", ".") {
		case ".":
			if last {
				out = append(out, "")
			}
		case "..":
			if len(out) > 0 {
				out = out[:len(out)-1]
			}
			if last {
				out = append(out, "")
			}
		default:
			out = append(out, encode(s, inPath))
		}
	}
	return "/" + strings.Join(out, "/")
}

// The characters the standard percent-encodes, beside control characters and
// everything beyond ASCII.
const (
	inFragment = " \"<>`"
	inQuery    = " \"#<>'"
	inPath     = " \"#<>?^`{}"
)

func encode(s, set string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if c < ' ' || c >= 0x7F || strings.IndexByte(set, c) >= 0 {
			writeEncoded(&b, c)
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

func writeEncoded(b *strings.Builder, c byte) {
	const digits = "0123456789ABCDEF"
	b.WriteByte('%')
	b.WriteByte(digits[c>>4])
	b.WriteByte(digits[c&15])
}

// percentDecode decodes what is well formed and leaves the rest.
func percentDecode(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if c, ok := decodedAt(s, i); ok {
			b.WriteByte(c)
			i += 2
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// decodedAt is the byte that a percent sequence at i stands for.
func decodedAt(s string, i int) (byte, bool) {
	if s[i] != '%' || i+2 >= len(s) {
		return 0, false
	}
	hi, lo := fromHex(s[i+1]), fromHex(s[i+2])
	return hi<<4 | lo, hi < 16 && lo < 16
}

func fromHex(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10
	}
	return 0xFF
}
