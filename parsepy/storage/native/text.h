/* Values that have a form of their own as text: dates, ids, binary data. */

#include <math.h>
#include <stdint.h>

#define FIRST_DATE (-62135596800000LL) /* 0001-01-01 */
#define LAST_DATE 253402300799999LL    /* 9999-12-31 */

static char *two_digits(char *to, int value) {
    *to++ = (char)('0' + value / 10);
    *to++ = (char)('0' + value % 10);
    return to;
}

#define ISO_SIZE 24

/* A date as `2026-11-29T22:44:19.123Z`; 0 where its year has no four digits. */
static int write_date(char *to, int64_t milliseconds) {
    if (milliseconds < FIRST_DATE || milliseconds > LAST_DATE) return 0;
    int64_t since = milliseconds - FIRST_DATE; /* never negative */
    int64_t days = since / 86400000;
    int rest = (int)(since % 86400000);
    /* Years are counted from March, so that the leap day is the last of its year. */
    int64_t shifted = days + 306; /* days since 0000-03-01 */
    int64_t era = shifted / 146097;
    int day_of_era = (int)(shifted % 146097);
    int year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int month_from_march = (5 * day_of_year + 2) / 153;
    int day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    int month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    int year = (int)(era * 400) + year_of_era + (month <= 2);
    to = two_digits(two_digits(to, year / 100), year % 100);
    *to++ = '-';
    to = two_digits(to, month);
    *to++ = '-';
    to = two_digits(to, day);
    *to++ = 'T';
    to = two_digits(to, rest / 3600000);
    *to++ = ':';
    to = two_digits(to, rest / 60000 % 60);
    *to++ = ':';
    to = two_digits(to, rest / 1000 % 60);
    *to++ = '.';
    *to++ = (char)('0' + rest % 1000 / 100);
    to = two_digits(to, rest % 100);
    *to = 'Z';
    return 1;
}

static void write_object_id(char *to, const uint8_t *at) {
    static const char digits[] = "0123456789abcdef";
    for (int i = 0; i < 12; i++) {
        *to++ = digits[at[i] >> 4];
        *to++ = digits[at[i] & 15];
    }
}

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static Py_ssize_t base64_size(Py_ssize_t size) { return (size + 2) / 3 * 4; }

static void write_base64(char *to, const uint8_t *from, Py_ssize_t size) {
    for (; size > 0; size -= 3, from += 3) {
        uint32_t three = (uint32_t)from[0] << 16 | (size > 1 ? (uint32_t)from[1] << 8 : 0) |
                         (size > 2 ? from[2] : 0);
        *to++ = base64_digits[three >> 18];
        *to++ = base64_digits[three >> 12 & 63];
        *to++ = size > 1 ? base64_digits[three >> 6 & 63] : '=';
        *to++ = size > 2 ? base64_digits[three & 63] : '=';
    }
}

/* Is a double a whole number that is answered without a point? */
static int is_whole(double value) {
    return value >= -9223372036854775808.0 && value < 9223372036854775808.0 &&
           value == floor(value);
}

/* Content and subtype of binary data; 0 where the subtype has a form of its own. */
static int binary_of(const Element *element, const uint8_t **content, Py_ssize_t *size) {
    if (element->value.at[4] == 2) return 0;
    *content = element->value.at + 5;
    *size = element->value.end - *content;
    return 1;
}
