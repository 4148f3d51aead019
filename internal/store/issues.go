package store

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/news"
)

const issueColumns = `id, slot, name, number, title, language, introduction, sections, cut, state, revision, edited_by, curators,
	approved_by, approved_at, solo, held_why, intended, frozen, withdrawn, finished, created, texts, left_out, around, back`

func scanIssue(row scanner) (news.Issue, error) {
	var i news.Issue
	var sections, curators, texts, leftOut, around string
	var slot, cut, approved, frozen, withdrawn, finished, created int64
	err := row.Scan(&i.ID, &slot, &i.Name, &i.Number, &i.Title, &i.Language, &i.Introduction, &sections, &cut, &i.State, &i.Revision,
		&i.EditedBy, &curators, &i.ApprovedBy, &approved, &i.Solo, &i.HeldWhy, &i.Intended, &frozen, &withdrawn, &finished, &created,
		&texts, &leftOut, &around, &i.Back)
	if err != nil {
		return i, err
	}
	i.Slot, i.Cut, i.ApprovedAt, i.Frozen = at(slot), at(cut), at(approved), at(frozen)
	i.Withdrawn, i.Finished, i.Created = at(withdrawn), at(finished), at(created)
	var a news.Around
	err = errors.Join(fromJSON(sections, &i.Sections), fromJSON(curators, &i.Curators), fromJSON(texts, &i.Texts),
		fromJSON(leftOut, &i.LeftOut), fromJSON(around, &a))
	if err != nil {
		return i, fmt.Errorf("issue %d: %w", i.ID, err)
	}
	i.Blocks, i.Closing, i.Days, i.Corrections = a.Blocks, a.Closing, a.Days, a.Corrections
	return i, nil
}

func issueValues(i *news.Issue) []any {
	return []any{ms(i.Slot), i.Name, i.Number, i.Title, i.Language, i.Introduction, toJSON(i.Sections), ms(i.Cut), i.State, i.Revision,
		i.EditedBy, toJSON(i.Curators), i.ApprovedBy, ms(i.ApprovedAt), bit(i.Solo), i.HeldWhy, i.Intended, ms(i.Frozen),
		ms(i.Withdrawn), ms(i.Finished), ms(i.Created), toJSON(i.Texts), toJSON(i.LeftOut), toJSON(i.Around()), i.Back}
}

func issuesWhere(ctx context.Context, q querier, where string, args ...any) ([]news.Issue, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+issueColumns+` FROM issues `+where, args...)
	issues, err := collect(rows, err, scanIssue)
	if err != nil {
		return nil, fmt.Errorf("read issues: %w", err)
	}
	return issues, nil
}

func issueWhere(ctx context.Context, q querier, what, where string, arg any) (news.Issue, error) {
	i, err := scanIssue(q.QueryRowContext(ctx, `SELECT `+issueColumns+` FROM issues WHERE `+where, arg))
	if err != nil {
		return i, notFound(err, "issue %s", what)
	}
	return i, nil
}

func issueByID(ctx context.Context, q querier, id news.IssueID) (news.Issue, error) {
	return issueWhere(ctx, q, fmt.Sprint(id), `id = $1`, id)
}

// Issue reads one issue.
func (s *Store) Issue(ctx context.Context, id news.IssueID) (news.Issue, error) {
	return issueByID(ctx, s.r, id)
}

// IssueByName reads one issue by its public name.
func (s *Store) IssueByName(ctx context.Context, name string) (news.Issue, error) {
	return issueWhere(ctx, s.r, name, `name = $1`, name)
}

// Issues reads up to limit issues, the latest slot first.
func (s *Store) Issues(ctx context.Context, limit int) ([]news.Issue, error) {
	return issuesWhere(ctx, s.r, `ORDER BY slot DESC LIMIT $1`, limit)
}

// FrozenIssues reads up to limit issues whose text is public, the latest first.
func (s *Store) FrozenIssues(ctx context.Context, limit int) ([]news.Issue, error) {
	return issuesWhere(ctx, s.r, `WHERE frozen <> 0 ORDER BY frozen DESC, id DESC LIMIT $1`, limit)
}

// EditableIssues reads the issues that are not frozen yet, the earliest slot
// first.
func (s *Store) EditableIssues(ctx context.Context) ([]news.Issue, error) {
	return issuesWhere(ctx, s.r, `WHERE state IN ($1, $2) ORDER BY slot`, news.IssueDraft, news.IssueApproved)
}

// StoriesOf reads the stories of an issue in its order.
func (s *Store) StoriesOf(ctx context.Context, id news.IssueID) ([]news.Story, error) {
	i, err := s.Issue(ctx, id)
	if err != nil {
		return nil, err
	}
	return storiesOf(ctx, s.r, &i)
}

func storiesOf(ctx context.Context, q querier, i *news.Issue) ([]news.Story, error) {
	byID := map[news.StoryID]news.Story{}
	found, err := storiesWhere(ctx, q, `WHERE s.issue = $1`, i.ID)
	if err != nil {
		return nil, fmt.Errorf("issue %d: %w", i.ID, err)
	}
	for _, story := range found {
		byID[story.ID] = story
	}
	var out []news.Story
	for _, id := range i.Stories() {
		story, ok := byID[id]
		if !ok {
			return nil, fmt.Errorf("issue %d: story %d stands in it but says otherwise: %w", i.ID, id, news.ErrConflict)
		}
		out = append(out, story)
	}
	if err := creditStories(ctx, q, i.ID, out); err != nil {
		return nil, fmt.Errorf("issue %d: %w", i.ID, err)
	}
	return out, nil
}

// creditStories fills in who published the stories of an issue.
func creditStories(ctx context.Context, q querier, id news.IssueID, stories []news.Story) error {
	items, err := itemsWhere(ctx, q, `WHERE current = 1 AND story IN (SELECT id FROM stories WHERE issue = $1) ORDER BY seen, id`, id)
	if err != nil {
		return err
	}
	names := map[news.SourceID]string{}
	rows, err := q.QueryContext(ctx, `SELECT id, name FROM sources`)
	if err != nil {
		return fmt.Errorf("read the names of sources: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var source news.SourceID
		var name string
		if err := rows.Scan(&source, &name); err != nil {
			return fmt.Errorf("read the names of sources: %w", err)
		}
		names[source] = name
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read the names of sources: %w", err)
	}
	told := map[news.StoryID][]news.Item{}
	for _, it := range items {
		told[it.Story] = append(told[it.Story], it)
	}
	for n := range stories {
		stories[n].TakeCredits(told[stories[n].ID], names)
	}
	return nil
}

// EnsureIssue makes sure the issue of a slot exists, in one step. Where there
// is none, draft makes it from its number, how many issues bear its public
// name already, and every approved story that is in no issue and was decided
// before cut; where there is one, take changes it given those of them decided
// since its own cut. A nil issue from draft makes none, and the answer is then
// news.ErrNotFound.
func (s *Store) EnsureIssue(ctx context.Context, slot, cut time.Time, name string,
	draft func(number, namesakes int, free []news.Story) (*news.Issue, error),
	take func(i *news.Issue, free []news.Story) error) (out news.Issue, err error) {
	err = s.write(ctx, func(tx *sql.Tx) error {
		have, err := issuesWhere(ctx, tx, `WHERE slot = $1`, ms(slot))
		if err != nil {
			return err
		}
		if len(have) > 0 {
			out, err = changeIssue(ctx, tx, have[0].ID, s.now(), func(i *news.Issue) error {
				free, err := freeStories(ctx, tx, i.Cut, cut)
				if err != nil {
					return err
				}
				return take(i, free)
			})
			return err
		}
		out, err = newIssue(ctx, tx, slot, cut, s.now(), name, draft)
		return err
	})
	return out, err
}

func newIssue(ctx context.Context, tx *sql.Tx, slot, cut, now time.Time, name string, draft func(int, int, []news.Story) (*news.Issue, error)) (news.Issue, error) {
	free, err := freeStories(ctx, tx, time.Time{}, cut)
	if err != nil {
		return news.Issue{}, err
	}
	var number, namesakes int
	if err := tx.QueryRowContext(ctx, `SELECT COALESCE(MAX(number), 0) + 1 FROM issues`).Scan(&number); err != nil {
		return news.Issue{}, fmt.Errorf("number an issue: %w", err)
	}
	if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM issues WHERE name = $1 OR name LIKE $2`, name, name+"-%").Scan(&namesakes); err != nil {
		return news.Issue{}, fmt.Errorf("name an issue: %w", err)
	}
	i, err := draft(number, namesakes, free)
	if err != nil {
		return news.Issue{}, err
	}
	if i == nil {
		return news.Issue{}, fmt.Errorf("issue of %s: %w", slot.Format(time.RFC3339), news.ErrNotFound)
	}
	err = tx.QueryRowContext(ctx, `
		INSERT INTO issues (slot, name, number, title, language, introduction, sections, cut, state, revision, edited_by, curators,
			approved_by, approved_at, solo, held_why, intended, frozen, withdrawn, finished, created, texts, left_out, around, back)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25)
		RETURNING id`, issueValues(i)...).Scan(&i.ID)
	if err != nil {
		return news.Issue{}, fmt.Errorf("store issue: %w", err)
	}
	if err := tellOfIssue(ctx, tx, i, now); err != nil {
		return *i, err
	}
	return *i, moveStories(ctx, tx, i.ID, now, nil, i.Stories())
}

// freeStories are the approved stories that no issue holds and no embargo keeps
// back, decided in the window.
func freeStories(ctx context.Context, q querier, from, before time.Time) ([]news.Story, error) {
	return storiesWhere(ctx, q, `WHERE s.state = $1 AND s.issue = 0 AND s.decided_at >= $2 AND s.decided_at < $3 AND s.embargo < $3 ORDER BY s.decided_at, s.id`,
		news.StoryApproved, ms(from), ms(before))
}

// UpdateIssue reads an issue, lets change act on it and writes it back, all in
// one step; the stories it gained or lost learn of it in the same step. An
// error of change leaves everything as it was.
func (s *Store) UpdateIssue(ctx context.Context, id news.IssueID, change func(*news.Issue) error) (out news.Issue, err error) {
	err = s.write(ctx, func(tx *sql.Tx) error {
		out, err = changeIssue(ctx, tx, id, s.now(), change)
		return err
	})
	return out, err
}

func changeIssue(ctx context.Context, tx *sql.Tx, id news.IssueID, now time.Time, change func(*news.Issue) error) (news.Issue, error) {
	i, err := issueByID(ctx, tx, id)
	if err != nil {
		return i, err
	}
	before, was, state := i.Stories(), i.Version(), i.State
	if err := change(&i); err != nil {
		return i, err
	}
	if i.Revision != was.Revision {
		if err := keepVersion(ctx, tx, id, was); err != nil {
			return i, err
		}
	}
	if err := saveIssue(ctx, tx, &i); err != nil {
		return i, err
	}
	if i.Revision != was.Revision || i.State != state {
		if err := tellOfIssue(ctx, tx, &i, now); err != nil {
			return i, err
		}
	}
	return i, moveStories(ctx, tx, id, now, before, i.Stories())
}

func saveIssue(ctx context.Context, tx *sql.Tx, i *news.Issue) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE issues SET slot = $1, name = $2, number = $3, title = $4, language = $5, introduction = $6, sections = $7, cut = $8,
			state = $9, revision = $10, edited_by = $11, curators = $12, approved_by = $13, approved_at = $14, solo = $15,
			held_why = $16, intended = $17, frozen = $18, withdrawn = $19, finished = $20, created = $21,
			texts = $22, left_out = $23, around = $24, back = $25
		WHERE id = $26`, append(issueValues(i), i.ID)...)
	if err != nil {
		return fmt.Errorf("save issue %d: %w", i.ID, err)
	}
	return nil
}

// moveStories tells each story that an issue gained or lost.
func moveStories(ctx context.Context, tx *sql.Tx, id news.IssueID, now time.Time, before, after []news.StoryID) error {
	stays := map[news.StoryID]bool{}
	for _, story := range after {
		stays[story] = true
	}
	was := map[news.StoryID]bool{}
	for _, story := range before {
		was[story] = true
		if !stays[story] {
			if err := moveStory(ctx, tx, story, func(s *news.Story) error { s.LeaveIssue(); return nil }); err != nil {
				return err
			}
		}
	}
	for _, story := range after {
		if was[story] {
			continue
		}
		if err := moveStory(ctx, tx, story, func(s *news.Story) error { return s.JoinIssue(id, now) }); err != nil {
			return err
		}
	}
	return nil
}

func moveStory(ctx context.Context, tx *sql.Tx, id news.StoryID, move func(*news.Story) error) error {
	story, err := storyByID(ctx, tx, id)
	if err != nil {
		return err
	}
	if err := move(&story); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `UPDATE stories SET issue = $1 WHERE id = $2`, story.Issue, id); err != nil {
		return fmt.Errorf("move story %d: %w", id, err)
	}
	return nil
}

// voidApproval tells an issue that a story in it changed.
func voidApproval(ctx context.Context, tx *sql.Tx, id news.IssueID, who string) error {
	i, err := issueByID(ctx, tx, id)
	if err != nil {
		return err
	}
	i.StoryEdited(who)
	if err := tellOfIssue(ctx, tx, &i, time.Now()); err != nil {
		return err
	}
	return saveIssue(ctx, tx, &i)
}

// Parts reads the frozen text of an issue and checks that nobody changed it.
func (s *Store) Parts(ctx context.Context, id news.IssueID) ([]audience.Part, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT language, format, name, body, mac FROM issue_parts WHERE issue = $1 ORDER BY language, format, name`, id)
	parts, err := collect(rows, err, func(row scanner) (audience.Part, error) {
		var p audience.Part
		var mac []byte
		if err := row.Scan(&p.Language, &p.Format, &p.Name, &p.Body, &mac); err != nil {
			return p, err
		}
		if !hmac.Equal(mac, s.partMAC(id, p)) {
			return p, fmt.Errorf("part %s/%s/%s was changed after the freeze: %w", p.Language, p.Format, p.Name, news.ErrConflict)
		}
		return p, nil
	})
	if err != nil {
		return nil, fmt.Errorf("read frozen text of issue %d: %w", id, err)
	}
	return parts, nil
}

// Variants reads the different mails of a frozen issue, by number.
func (s *Store) Variants(ctx context.Context, id news.IssueID) ([]audience.Variant, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT language, format, stories FROM issue_variants WHERE issue = $1 ORDER BY variant`, id)
	variants, err := collect(rows, err, func(row scanner) (audience.Variant, error) {
		var v audience.Variant
		var stories string
		if err := row.Scan(&v.Language, &v.Format, &stories); err != nil {
			return v, err
		}
		return v, fromJSON(stories, &v.Stories)
	})
	if err != nil {
		return nil, fmt.Errorf("read variants of issue %d: %w", id, err)
	}
	return variants, nil
}

// partMAC covers everything that says what the part is, each with its length,
// so that no two parts can be told as one.
func (s *Store) partMAC(id news.IssueID, p audience.Part) []byte {
	m := hmac.New(sha256.New, s.Key(KeyBooks))
	m.Write([]byte("part of issue"))
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], uint64(id))
	m.Write(n[:])
	for _, b := range [][]byte{[]byte(p.Language), []byte(p.Format), []byte(p.Name), p.Body} {
		binary.BigEndian.PutUint64(n[:], uint64(len(b)))
		m.Write(n[:])
		m.Write(b)
	}
	return m.Sum(nil)
}
