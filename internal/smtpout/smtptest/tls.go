package smtptest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"
)

// Certificate makes a certificate for 127.0.0.1 and localhost: the server's
// side, and the pool by which a client trusts it.
func Certificate(t testing.TB) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cert := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
		DNSNames:     []string{"localhost"},
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA:         true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, pool
}

// auth speaks PLAIN and LOGIN.
func (t *talk) auth(rest string) error {
	mech, initial, _ := strings.Cut(rest, " ")
	var user, password string
	switch strings.ToUpper(mech) {
	case "PLAIN":
		raw, _ := base64.StdEncoding.DecodeString(initial)
		parts := strings.Split(string(raw), "\x00")
		if len(parts) == 3 {
			user, password = parts[1], parts[2]
		}
	case "LOGIN":
		var err error
		if user, err = t.prompt("334 VXNlcm5hbWU6"); err != nil {
			return err
		}
		if password, err = t.prompt("334 UGFzc3dvcmQ6"); err != nil {
			return err
		}
	}
	usual := "235 2.7.0 welcome"
	if user != t.s.User || password != t.s.Password {
		usual = "535 5.7.8 wrong user or password"
	}
	var err error
	t.known, err = t.answer(Auth, "AUTH "+mech, usual)
	return err
}

func (t *talk) prompt(line string) (string, error) {
	t.w.WriteString(line + "\r\n")
	if err := t.w.Flush(); err != nil {
		return "", err
	}
	got, err := t.r.ReadString('\n')
	raw, _ := base64.StdEncoding.DecodeString(strings.TrimSpace(got))
	return string(raw), err
}
