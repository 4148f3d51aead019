package access

import (
	"encoding/base32"
	"fmt"
	"image"
	"strings"

	"github.com/pquerna/otp"
)

var b32 = base32.StdEncoding.WithPadding(base32.NoPadding)

// qrPath draws a key as a QR code: the d of an SVG path in which one module is
// one unit, and the number of modules across. A page can hold it without a
// request for a picture.
func qrPath(key *otp.Key) (path string, size int, err error) {
	const pixels = 300
	img, err := key.Image(pixels, pixels)
	if err != nil {
		return "", 0, fmt.Errorf("draw QR code: %w", err)
	}
	first := firstDark(img)
	finder := 0 // the top of the finder pattern is seven modules wide
	for dark(img, first.X+finder, first.Y) {
		finder++
	}
	module := finder / 7
	if module == 0 {
		return "", 0, fmt.Errorf("draw QR code: no pattern in it")
	}
	size = (pixels - 2*first.X) / module
	var b strings.Builder
	for y := range size {
		for x := 0; x < size; x++ {
			run := 0
			for x+run < size && dark(img, first.X+(x+run)*module, first.Y+y*module) {
				run++
			}
			if run > 0 {
				fmt.Fprintf(&b, "M%d %dh%dv1h-%dz", x, y, run, run)
				x += run
			}
		}
	}
	return b.String(), size, nil
}

func firstDark(img image.Image) image.Point {
	for y := img.Bounds().Min.Y; y < img.Bounds().Max.Y; y++ {
		for x := img.Bounds().Min.X; x < img.Bounds().Max.X; x++ {
			if dark(img, x, y) {
				return image.Pt(x, y)
			}
		}
	}
	return image.Point{}
}

func dark(img image.Image, x, y int) bool {
	if !(image.Pt(x, y).In(img.Bounds())) {
		return false
	}
	r, _, _, _ := img.At(x, y).RGBA()
	return r < 0x8000
}
