/* The API's own description, as the bytes that were built in. */
#include <stddef.h>

#include "request.h"

/* Written from openapi.yaml by tools/embed_openapi.py. */
extern const char openapi_yaml_data[];
extern const size_t openapi_yaml_size;
extern const char openapi_json_data[];
extern const size_t openapi_json_size;

static void
handle_yaml(struct request *request, struct response *response)
{
    (void)request;
    response->status = 200;
    response->media = MEDIA_YAML;
    response->fixed = (struct str){ openapi_yaml_data, openapi_yaml_size };
}

const struct endpoint endpoint_openapi_yaml = {
    .place = ON_LOOP,
    .gives = MEDIA_BIT(MEDIA_YAML),
    .handle = handle_yaml,
};

static void
handle_json(struct request *request, struct response *response)
{
    (void)request;
    response->status = 200;
    response->media = MEDIA_JSON;
    response->fixed = (struct str){ openapi_json_data, openapi_json_size };
}

const struct endpoint endpoint_openapi_json = {
    .place = ON_LOOP,
    .gives = MEDIA_BIT(MEDIA_JSON),
    .handle = handle_json,
};
