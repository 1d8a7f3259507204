// SPDX-License-Identifier: Apache-2.0
/* aurora_version() as a loadable function of MySQL: like Aurora's own it can be called without a default database.
 * The interface is the public one of loadable functions, written down here; no C library, because the server may run
 * with one of its own. VERSION is given by who compiles it. */

signed char aurora_version_init(void *init, void *args, char *message);
void aurora_version_deinit(void *init);
char *aurora_version(void *init, void *args, char *result, unsigned long *length, unsigned char *is_null,
                     unsigned char *error);

signed char aurora_version_init(void *init, void *args, char *message)
{
    (void)init, (void)args, (void)message;
    return 0;
}

void aurora_version_deinit(void *init)
{
    (void)init;
}

char *aurora_version(void *init, void *args, char *result, unsigned long *length, unsigned char *is_null,
                     unsigned char *error)
{
    static char text[] = VERSION;
    (void)init, (void)args, (void)result, (void)is_null, (void)error;
    *length = sizeof text - 1;
    return text;
}
