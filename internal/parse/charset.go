package parse

import (
	"golang.org/x/net/html/charset"
)

// decode returns the document as UTF-8 and the name of what it was written in.
func decode(in Input) (string, string, error) {
	enc, name, _ := charset.DetermineEncoding(in.Body, in.Header["content-type"])
	text, err := enc.NewDecoder().Bytes(in.Body)
	if err != nil {
		return "", "", err
	}
	return string(text), name, nil
}
