// Package internal is the map of the house; it has no code.
//
// Floors, lowest first. A package imports only floors below its own, never a
// neighbour on the same floor and never one above. TestFloors keeps this true;
// a step on one floor needs a line there with its reason.
//
//	0   words     news, audience, staff, templates
//	1a  small     analyze symbols prose dates token
//	1b  tools     feedlist fetch parse clean extract cluster classify
//	              feedout compose smtpout bounce inbox
//	2   services  ingest curate publish deliver signup access keep notices
//	3   edges     store jobs web (public, reader, desk, admin, door,
//	              private)
//	4   commands  cmd/rightsdesk
//
// Rules live on floor 0, steps on floor 2, facts on floor 3. Services do not
// call each other: what one leaves for the next is a row, which is also what
// survives a crash. After a commit a service calls wake(kind); losing a wake
// costs at most a minute, because the periodic jobs look at the rows anyway.
//
// Only compose, publish, deliver, signup, keep, store, web/reader, web/admin
// and cmd may import audience. Curators' pages cannot show a reader because
// they cannot name one.
//
// # What differs from the first design, and why
//
// On SQLite the job engine keeps its queue in memory: one process serves, the
// truth is in our tables, and every kind of job looks at them when the engine
// starts. What a killed process left half done then cannot block anything, and
// the books keep the one writer to themselves.
//
// On PostgreSQL a writing transaction holds one advisory lock instead of locking
// the rows it read: the books are then kept by the same reasoning on both
// databases. Senders write in groups, so where the relay needs time for a mail
// the lock is not what limits them: at 20 ms a mail one process of four
// connections sent 120 copies a second and three sent 435, on two busy cores
// they shared with the relay. Where the relay takes mails at once, it is: one
// sent 860 and three 328. Several processes are for outliving one, and for far
// relays. A transaction that stands still for 20 s is ended by the server, so
// that a stopped machine keeps the lock from nobody.
//
// The finder of articles in web pages would bring a module that fills date
// tables for two hundred languages before main, 220 ms and 95 MB at every
// start. A stand-in under internal/extract/dateparser takes its place and asks
// our own reader of dates.
package internal
