/* SPDX-License-Identifier: Apache-2.0
 * Texts that people read: base/text.h, where all rooms find them. */
#ifndef TG_UI_TEXT_H
#define TG_UI_TEXT_H

#include "base/text.h"

#endif
