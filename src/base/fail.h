/* SPDX-License-Identifier: Apache-2.0
 * Fail points: named places where a test ends the process as kill -9 does, before and after everything the ledger is
 * told. Only builds with TG_FAIL_POINTS have them (CMake option, on in the presets debug, asan and tsan); elsewhere
 * fail_point is nothing.
 *   TIDEGATE_FAIL=NAME:N      dies when NAME is passed the N-th time, N from 1
 *   TIDEGATE_FAIL_LOG=PATH    adds a line with the name to the file each time a point is passed
 * Names are AREA.STEP, literals; a test finds them by the log. Any thread. */
#ifndef TG_BASE_FAIL_H
#define TG_BASE_FAIL_H

#include "base/base.h"

void fail_point_pass(const char *name);
#ifdef TG_FAIL_POINTS
#define fail_point(name) fail_point_pass(name)
#else
#define fail_point(name) ((void)(name))
#endif

#endif
