export const id = 364;
export const ids = [364,983];
export const modules = {

/***/ 364:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   fromProcess: () => (/* binding */ l)
/* harmony export */ });
/* harmony import */ var _loadSharedConfigFiles_js__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(9345);
/* harmony import */ var _parseKnownFiles_js__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(6262);
/* harmony import */ var _CredentialsProviderError_js__WEBPACK_IMPORTED_MODULE_2__ = __webpack_require__(7196);
/* harmony import */ var _externalDataInterceptor_js__WEBPACK_IMPORTED_MODULE_3__ = __webpack_require__(9949);
/* harmony import */ var node_child_process__WEBPACK_IMPORTED_MODULE_4__ = __webpack_require__(1421);
/* harmony import */ var node_util__WEBPACK_IMPORTED_MODULE_5__ = __webpack_require__(7975);
/* harmony import */ var _setCredentialFeature_js__WEBPACK_IMPORTED_MODULE_6__ = __webpack_require__(6270);
const s=(e,t,n)=>{if(t.Version!==1)throw Error(`Profile ${e} credential_process did not return Version 1.`);if(t.AccessKeyId===void 0||t.SecretAccessKey===void 0)throw Error(`Profile ${e} credential_process returned invalid credentials.`);if(t.Expiration){let n=/* @__PURE__ */ new Date;if(new Date(t.Expiration)<n)throw Error(`Profile ${e} credential_process returned expired credentials.`)}let r=t.AccountId;!r&&n?.[e]?.aws_account_id&&(r=n[e].aws_account_id);let i={accessKeyId:t.AccessKeyId,secretAccessKey:t.SecretAccessKey,...t.SessionToken&&{sessionToken:t.SessionToken},...t.Expiration&&{expiration:new Date(t.Expiration)},...t.CredentialScope&&{credentialScope:t.CredentialScope},...r&&{accountId:r}};return (0,_setCredentialFeature_js__WEBPACK_IMPORTED_MODULE_6__.t)(i,`CREDENTIALS_PROCESS`,`w`),i},c=async(e,t,o)=>{let c=t[e];if(t[e]){let l=c.credential_process;if(l!==void 0){let c=(0,node_util__WEBPACK_IMPORTED_MODULE_5__.promisify)(_externalDataInterceptor_js__WEBPACK_IMPORTED_MODULE_3__.t?.getTokenRecord?.().exec??node_child_process__WEBPACK_IMPORTED_MODULE_4__.exec);try{let{stdout:n}=await c(l),r;try{r=JSON.parse(n.trim())}catch{throw Error(`Profile ${e} credential_process returned invalid JSON.`)}return s(e,r,t)}catch(e){throw new _CredentialsProviderError_js__WEBPACK_IMPORTED_MODULE_2__.t(e.message,{logger:o})}}throw new _CredentialsProviderError_js__WEBPACK_IMPORTED_MODULE_2__.t(`Profile ${e} did not contain credential_process.`,{logger:o})}throw new _CredentialsProviderError_js__WEBPACK_IMPORTED_MODULE_2__.t(`Profile ${e} could not be found in shared credentials file.`,{logger:o})},l=(n={})=>async({callerClientConfig:r}={})=>{n.logger?.debug(`@aws-sdk/credential-provider-process - fromProcess`);let i=await (0,_parseKnownFiles_js__WEBPACK_IMPORTED_MODULE_1__.t)(n);return c((0,_loadSharedConfigFiles_js__WEBPACK_IMPORTED_MODULE_0__.a)({profile:n.profile??r?.profile}),i,n.logger)};

/***/ }),

/***/ 9949:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   t: () => (/* binding */ n)
/* harmony export */ });
/* harmony import */ var _getSSOTokenFromFile_js__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(3593);
/* harmony import */ var _readFile_js__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(449);
const n={getFileRecord(){return _readFile_js__WEBPACK_IMPORTED_MODULE_1__.t},interceptFile(e,n){_readFile_js__WEBPACK_IMPORTED_MODULE_1__.t[e]=Promise.resolve(n)},getTokenRecord(){return _getSSOTokenFromFile_js__WEBPACK_IMPORTED_MODULE_0__.n},interceptToken(t,n){_getSSOTokenFromFile_js__WEBPACK_IMPORTED_MODULE_0__.n[t]=n}};

/***/ }),

/***/ 3593:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   n: () => (/* binding */ a),
/* harmony export */   r: () => (/* binding */ i),
/* harmony export */   t: () => (/* binding */ o)
/* harmony export */ });
/* harmony import */ var node_fs_promises__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(1455);
/* harmony import */ var node_crypto__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(7598);
/* harmony import */ var node_path__WEBPACK_IMPORTED_MODULE_2__ = __webpack_require__(6760);
/* harmony import */ var _readFile_js__WEBPACK_IMPORTED_MODULE_3__ = __webpack_require__(449);
const i=e=>{let i=(0,node_crypto__WEBPACK_IMPORTED_MODULE_1__.createHash)(`sha1`).update(e).digest(`hex`);return (0,node_path__WEBPACK_IMPORTED_MODULE_2__.join)((0,_readFile_js__WEBPACK_IMPORTED_MODULE_3__.r)(),`.aws`,`sso`,`cache`,`${i}.json`)},a={},o=async t=>{if(a[t])return a[t];let n=i(t),r=await (0,node_fs_promises__WEBPACK_IMPORTED_MODULE_0__.readFile)(n,`utf8`);return JSON.parse(r)};

/***/ }),

/***/ 6262:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   t: () => (/* binding */ n)
/* harmony export */ });
/* harmony import */ var _loadSharedConfigFiles_js__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(9345);
const t=(...e)=>{let t={};for(let n of e)for(let[e,r]of Object.entries(n))t[e]===void 0?t[e]=r:Object.assign(t[e],r);return t},n=async n=>{let r=await (0,_loadSharedConfigFiles_js__WEBPACK_IMPORTED_MODULE_0__.t)(n);return t(r.configFile,r.credentialsFile)};

/***/ })

};
