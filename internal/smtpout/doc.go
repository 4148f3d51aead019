// Package smtpout hands finished messages to an SMTP server, or writes them
// to a Maildir. It says exactly what became of each one, in fields a ledger
// can decide on, and keeps the ledger's law (DESIGN §4): the outcome of one
// message is recorded before the final dot of the next is sent.
//
// What a message says, whom it is for and when to try again are for others;
// smtpout sees bytes and two envelope addresses, and repeats no address in an
// error or a reply.
package smtpout
