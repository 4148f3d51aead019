package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"text/tabwriter"

	"github.com/ifhhro/rightsdesk/internal/classify"
	"github.com/ifhhro/rightsdesk/internal/classify/measure"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/spf13/cobra"
)

func (a *app) evalLearningCommand() *cobra.Command {
	var asJSON bool
	var drawing string
	c := &cobra.Command{
		Use:   "learning FILE.jsonl",
		Short: "a simulated curator: F1 against the number of decisions",
		Long: "eval learning shuffles labelled items, always the same way, keeps a quarter to measure on and lets a\n" +
			"curator decide the rest as labelled. It prints how well the held quarter is read after so many decisions.\n" + exitHelp,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			items, err := readLabelled(args[0])
			if err != nil {
				return err
			}
			points, err := simulate(items)
			if err != nil {
				return err
			}
			if drawing != "" {
				if err := drawLearning(drawing, points); err != nil {
					return err
				}
			}
			if asJSON {
				return json.NewEncoder(a.stdout).Encode(points)
			}
			return printLearning(a.stdout, points)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	c.Flags().StringVar(&drawing, "svg", "", "also draw the curve into this file")
	return c
}

// simulate lets a curator decide three quarters of the items and measures on
// the rest.
func simulate(items []labelledText) ([]measure.Point, error) {
	if len(items) < 8 {
		return nil, fmt.Errorf("%d labelled items are too few to learn from: %w", len(items), news.ErrInvalid)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	rng.Shuffle(len(items), func(i, j int) { items[i], items[j] = items[j], items[i] })
	held := items[len(items)*3/4:]
	c, err := classify.New()
	if err != nil {
		return nil, err
	}
	learner := classify.NewLearner(c)
	points := []measure.Point{pointOf(c, held, 0)}
	next := 10
	for i, it := range items[:len(items)*3/4] {
		if err := learner.Learn(classify.Lesson{ID: int64(i + 1), Text: it.text, Topics: it.labels}); err != nil {
			return nil, err
		}
		if i+1 == next || i+1 == len(items)*3/4 {
			points = append(points, pointOf(c.With(learner.Model()), held, i+1))
			next *= 2
		}
	}
	return points, nil
}

func pointOf(c *classify.Classifier, held []labelledText, decisions int) measure.Point {
	cases := make([]measure.Case, len(held))
	for i, it := range held {
		cases[i] = it.caseOf(c)
	}
	r := measure.Run(cases)
	return measure.Point{Decisions: decisions, Micro: r.Micro, First: r.FirstTwo}
}

func drawLearning(path string, points []measure.Point) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := measure.DrawCurve(f, "A simulated curator teaches the classifier", points); err != nil {
		f.Close()
		return fmt.Errorf("draw %s: %w", path, err)
	}
	return f.Close()
}

func printLearning(w io.Writer, points []measure.Point) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "decisions\tmicro F1\trecall of first two")
	for _, p := range points {
		fmt.Fprintf(tw, "%d\t%v\t%v\n", p.Decisions, p.Micro, p.First)
	}
	return tw.Flush()
}
