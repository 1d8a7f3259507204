/* SPDX-License-Identifier: Apache-2.0
 * Every text a person reads goes through _() (or N_() in tables, then _() where it is shown), so
 * that a catalogue of translations can be put behind it. Today both are the identity. */
#ifndef TG_UI_TEXT_H
#define TG_UI_TEXT_H

#define _(msgid) (msgid)
#define N_(msgid) msgid

#endif
