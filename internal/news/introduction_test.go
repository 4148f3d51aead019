package news_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ifhhro/rightsdesk/internal/news"
)

func TestNewIntroduction(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	long := strings.Repeat("й", news.MaxTextBytes/2+1)
	for name, tt := range map[string]struct {
		in     news.Introduction
		fields string // that are wrong; "-" where the error is about none
	}{
		"whole":           {news.Introduction{Topic: "torture", Language: "ar", Text: " نص \n", Notes: "1. x\n", Author: " A \n B "}, ""},
		"taken away":      {news.Introduction{Topic: "torture", Language: "en", Text: " \n"}, ""},
		"notes alone":     {news.Introduction{Topic: "torture", Language: "en", Notes: "x"}, "introduction"},
		"a name alone":    {news.Introduction{Topic: "torture", Language: "en", Author: "x"}, "introduction"},
		"all too long":    {news.Introduction{Topic: "torture", Language: "en", Text: long, Notes: long, Author: strings.Repeat("й", news.MaxAuthorRunes+1)}, "introduction notes author"},
		"a name as long":  {news.Introduction{Topic: "torture", Language: "en", Text: "x", Author: strings.Repeat("й", news.MaxAuthorRunes)}, ""},
		"another topic":   {news.Introduction{Topic: "weather", Language: "en", Text: "x"}, "-"},
		"another tongue":  {news.Introduction{Topic: "torture", Language: "de", Text: "x"}, "-"},
		"no language yet": {news.Introduction{Topic: "torture", Text: "x"}, "-"},
	} {
		got, err := news.NewIntroduction(tt.in, now)
		var fields []string
		for _, f := range news.WrongFields(err) {
			fields = append(fields, f.Field)
		}
		if want := strings.Fields(strings.Trim(tt.fields, "-")); strings.Join(fields, " ") != strings.Join(want, " ") || (err != nil) != (tt.fields != "") {
			t.Errorf("%s: wrong are %q, want %q (%v)", name, fields, tt.fields, err)
		}
		if err != nil && !errors.Is(err, news.ErrInvalid) {
			t.Errorf("%s: %v does not wrap ErrInvalid", name, err)
		}
		if name == "whole" && (got.Text != "نص" || got.Notes != "1. x" || got.Author != "A B" || !got.At.Equal(now)) {
			t.Errorf("tidied: %+v", got)
		}
	}
}
