export const id = 749;
export const ids = [749,130];
export const modules = {

/***/ 749:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   fromProcess: () => (/* binding */ l)
/* harmony export */ });
/* harmony import */ var _index_js__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(606);
/* harmony import */ var _parseKnownFiles_js__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(390);
/* harmony import */ var _externalDataInterceptor_js__WEBPACK_IMPORTED_MODULE_2__ = __webpack_require__(253);
/* harmony import */ var node_child_process__WEBPACK_IMPORTED_MODULE_3__ = __webpack_require__(421);
/* harmony import */ var node_util__WEBPACK_IMPORTED_MODULE_4__ = __webpack_require__(975);
const s=(t,n,r)=>{if(n.Version!==1)throw Error(`Profile ${t} credential_process did not return Version 1.`);if(n.AccessKeyId===void 0||n.SecretAccessKey===void 0)throw Error(`Profile ${t} credential_process returned invalid credentials.`);if(n.Expiration){let e=/* @__PURE__ */ new Date;if(new Date(n.Expiration)<e)throw Error(`Profile ${t} credential_process returned expired credentials.`)}let i=n.AccountId;!i&&r?.[t]?.aws_account_id&&(i=r[t].aws_account_id);let a={accessKeyId:n.AccessKeyId,secretAccessKey:n.SecretAccessKey,...n.SessionToken&&{sessionToken:n.SessionToken},...n.Expiration&&{expiration:new Date(n.Expiration)},...n.CredentialScope&&{credentialScope:n.CredentialScope},...i&&{accountId:i}};return (0,_index_js__WEBPACK_IMPORTED_MODULE_0__.Jt)(a,`CREDENTIALS_PROCESS`,`w`),a},c=async(e,n,r)=>{let c=n[e];if(n[e]){let l=c.credential_process;if(l!==void 0){let c=(0,node_util__WEBPACK_IMPORTED_MODULE_4__.promisify)(_externalDataInterceptor_js__WEBPACK_IMPORTED_MODULE_2__.t?.getTokenRecord?.().exec??node_child_process__WEBPACK_IMPORTED_MODULE_3__.exec);try{let{stdout:t}=await c(l),r;try{r=JSON.parse(t.trim())}catch{throw Error(`Profile ${e} credential_process returned invalid JSON.`)}return s(e,r,n)}catch(e){throw new _index_js__WEBPACK_IMPORTED_MODULE_0__.Ot(e.message,{logger:r})}}throw new _index_js__WEBPACK_IMPORTED_MODULE_0__.Ot(`Profile ${e} did not contain credential_process.`,{logger:r})}throw new _index_js__WEBPACK_IMPORTED_MODULE_0__.Ot(`Profile ${e} could not be found in shared credentials file.`,{logger:r})},l=(e={})=>async({callerClientConfig:t}={})=>{e.logger?.debug(`@aws-sdk/credential-provider-process - fromProcess`);let i=await (0,_parseKnownFiles_js__WEBPACK_IMPORTED_MODULE_1__.t)(e);return c((0,_index_js__WEBPACK_IMPORTED_MODULE_0__.Tt)({profile:e.profile??t?.profile}),i,e.logger)};

/***/ }),

/***/ 253:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   t: () => (/* binding */ n)
/* harmony export */ });
/* harmony import */ var _getSSOTokenFromFile_js__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(729);
/* harmony import */ var _index_js__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(606);
const n={getFileRecord(){return _index_js__WEBPACK_IMPORTED_MODULE_1__.xt},interceptFile(e,n){_index_js__WEBPACK_IMPORTED_MODULE_1__.xt[e]=Promise.resolve(n)},getTokenRecord(){return _getSSOTokenFromFile_js__WEBPACK_IMPORTED_MODULE_0__.n},interceptToken(t,n){_getSSOTokenFromFile_js__WEBPACK_IMPORTED_MODULE_0__.n[t]=n}};

/***/ }),

/***/ 729:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   n: () => (/* binding */ a),
/* harmony export */   r: () => (/* binding */ i),
/* harmony export */   t: () => (/* binding */ o)
/* harmony export */ });
/* harmony import */ var node_fs_promises__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(455);
/* harmony import */ var node_crypto__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(598);
/* harmony import */ var node_path__WEBPACK_IMPORTED_MODULE_2__ = __webpack_require__(760);
/* harmony import */ var _index_js__WEBPACK_IMPORTED_MODULE_3__ = __webpack_require__(606);
const i=e=>{let i=(0,node_crypto__WEBPACK_IMPORTED_MODULE_1__.createHash)(`sha1`).update(e).digest(`hex`);return (0,node_path__WEBPACK_IMPORTED_MODULE_2__.join)((0,_index_js__WEBPACK_IMPORTED_MODULE_3__.Et)(),`.aws`,`sso`,`cache`,`${i}.json`)},a={},o=async t=>{if(a[t])return a[t];let n=i(t),r=await (0,node_fs_promises__WEBPACK_IMPORTED_MODULE_0__.readFile)(n,`utf8`);return JSON.parse(r)};

/***/ }),

/***/ 390:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   t: () => (/* binding */ n)
/* harmony export */ });
/* harmony import */ var _index_js__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(606);
const t=(...e)=>{let t={};for(let n of e)for(let[e,r]of Object.entries(n))t[e]===void 0?t[e]=r:Object.assign(t[e],r);return t},n=async n=>{let r=await (0,_index_js__WEBPACK_IMPORTED_MODULE_0__.bt)(n);return t(r.configFile,r.credentialsFile)};

/***/ })

};
