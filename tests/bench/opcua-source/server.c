/* A fast OPC UA server for benchmarks: ITEMS variables (70 % Double, 15 % Int64, 10 % Boolean, 5 % String) that all change HZ
 * times a second. The number in a value is the tick, so a reader can count what it missed.
 * Usage: server PORT ITEMS HZ [none|secure]. Prints "ready" when it listens; ends at SIGTERM. */
#include <open62541/plugin/create_certificate.h>
#include <open62541/plugin/accesscontrol_default.h>
#include <open62541/plugin/certificategroup_default.h>
#include <open62541/server.h>
#include <open62541/server_config_default.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static volatile UA_Boolean running = true;
static size_t items;
static UA_NodeId *nodes;
static UA_Int64 tick = 0;

static void stop(int number) { (void)number; running = false; }

static void step(UA_Server *server, void *data) {
    (void)data;
    tick += 1;
    char text[32];
    snprintf(text, sizeof text, "tick %lld", (long long)tick);
    UA_DateTime now = UA_DateTime_now();
    for(size_t i = 0; i < items; i++) {
        UA_DataValue value;
        UA_DataValue_init(&value);
        UA_Double number = (UA_Double)tick + (UA_Double)(i % 1000) / 1000.0;
        UA_Boolean flag = (tick & 1) == 1;
        UA_String string = UA_STRING(text);
        size_t kind = i % 20;
        if(kind < 14) UA_Variant_setScalar(&value.value, &number, &UA_TYPES[UA_TYPES_DOUBLE]);
        else if(kind < 17) UA_Variant_setScalar(&value.value, &tick, &UA_TYPES[UA_TYPES_INT64]);
        else if(kind < 19) UA_Variant_setScalar(&value.value, &flag, &UA_TYPES[UA_TYPES_BOOLEAN]);
        else UA_Variant_setScalar(&value.value, &string, &UA_TYPES[UA_TYPES_STRING]);
        value.hasValue = true;
        value.hasSourceTimestamp = true;
        value.sourceTimestamp = now;
        UA_Server_writeDataValue(server, nodes[i], value);
    }
}

static const UA_DataType *typeOf(size_t i) {
    size_t kind = i % 20;
    return &UA_TYPES[kind < 14 ? UA_TYPES_DOUBLE : kind < 17 ? UA_TYPES_INT64 : kind < 19 ? UA_TYPES_BOOLEAN : UA_TYPES_STRING];
}

int main(int argc, char **argv) {
    if(argc < 4) return 2;
    items = (size_t)atol(argv[2]);
    double hz = atof(argv[3]);
    UA_Boolean secure = argc > 4 && strcmp(argv[4], "secure") == 0;
    signal(SIGTERM, stop);
    signal(SIGINT, stop);
    UA_Server *server = UA_Server_new();
    UA_ServerConfig *config = UA_Server_getConfig(server);
    if(secure) {
        UA_ByteString key = UA_BYTESTRING_NULL, certificate = UA_BYTESTRING_NULL;
        UA_String subject[2] = {UA_STRING_STATIC("O=Joulegate"), UA_STRING_STATIC("CN=bench")};
        UA_String names[3] = {UA_STRING_STATIC("DNS:localhost"), UA_STRING_STATIC("IP:127.0.0.1"),
                              UA_STRING_STATIC("URI:urn:open62541.unconfigured.application")};
        UA_KeyValueMap *parameters = UA_KeyValueMap_new();
        UA_UInt16 bits = 2048;
        UA_KeyValueMap_setScalar(parameters, UA_QUALIFIEDNAME(0, "key-size-bits"), &bits, &UA_TYPES[UA_TYPES_UINT16]);
        if(UA_CreateCertificate(config->logging, subject, 2, names, 3, UA_CERTIFICATEFORMAT_DER, parameters, &key, &certificate) != UA_STATUSCODE_GOOD)
            return 1;
        UA_ServerConfig_setDefaultWithSecurityPolicies(config, (UA_UInt16)atoi(argv[1]), &certificate, &key, NULL, 0, NULL, 0, NULL, 0);
        UA_CertificateGroup_AcceptAll(&config->secureChannelPKI);
        UA_CertificateGroup_AcceptAll(&config->sessionPKI);
    } else {
        UA_ServerConfig_setMinimal(config, (UA_UInt16)atoi(argv[1]), NULL);
    }
    config->samplingIntervalLimits.min = 0.0;
    config->queueSizeLimits.max = 1000;
    UA_UInt16 index = UA_Server_addNamespace(server, "urn:joulegate:bench");
    nodes = (UA_NodeId *)calloc(items, sizeof(UA_NodeId));
    for(size_t i = 0; i < items; i++) {
        char name[32];
        snprintf(name, sizeof name, "v%zu", i);
        UA_VariableAttributes attributes = UA_VariableAttributes_default;
        attributes.displayName = UA_LOCALIZEDTEXT("en", name);
        attributes.dataType = typeOf(i)->typeId;
        void *first = UA_new(typeOf(i));
        UA_Variant_setScalar(&attributes.value, first, typeOf(i));
        UA_Server_addVariableNode(server, UA_NODEID_STRING(index, name), UA_NS0ID(OBJECTSFOLDER), UA_NS0ID(ORGANIZES),
                                  UA_QUALIFIEDNAME(index, name), UA_NS0ID(BASEDATAVARIABLETYPE), attributes, NULL, NULL);
        UA_delete(first, typeOf(i));
        nodes[i] = UA_NODEID_STRING_ALLOC(index, name);
    }
    UA_Server_addRepeatedCallback(server, step, NULL, 1000.0 / hz, NULL);
    UA_StatusCode status = UA_Server_run_startup(server);
    if(status != UA_STATUSCODE_GOOD) return 1;
    printf("ready\n");
    fflush(stdout);
    while(running) UA_Server_run_iterate(server, true);
    UA_Server_run_shutdown(server);
    UA_Server_delete(server);
    return 0;
}
