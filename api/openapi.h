/* The API's own description, as it was built in. */
#ifndef API_OPENAPI_H
#define API_OPENAPI_H

#include <stdbool.h>
#include <stddef.h>

/* All of it is written from openapi.yaml by tools/embed_openapi.py. */
extern const char openapi_yaml_data[];
extern const size_t openapi_yaml_size;
extern const char openapi_yaml_tag[]; /* another for other content */
extern const char openapi_json_data[];
extern const size_t openapi_json_size;
extern const char openapi_json_tag[];

/* A call, and what it is for in few words. */
struct openapi_call {
    const char *method, *path, *summary;
    bool is_open; /* can be asked without a parameter */
};
extern const struct openapi_call openapi_calls[];
extern const size_t openapi_call_count;

#endif
